// SPDX-License-Identifier: Apache-2.0
#include "heirloom/serve.hpp"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "node/attach.hpp"
#include "node/manager.hpp"
#include "os/signals.hpp"

namespace heirloom {

namespace {

struct LifeHeld {
  explicit LifeHeld(std::shared_ptr<shm::ProcessFile> held) : process(std::move(held)) { process->hold_program_life(); }
  ~LifeHeld() { process->release_program_life(); }
  LifeHeld(const LifeHeld&) = delete;
  LifeHeld& operator=(const LifeHeld&) = delete;
  const std::shared_ptr<shm::ProcessFile> process;
};

void wait_for_the_end(const ServeOptions& options) {
  if (!options.stop) return os::wait_for_termination();
  while (!options.stop()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

Status serve_directory(const std::filesystem::path& path, const ServeOptions& options) {
  HEIRLOOM_TRY(const std::shared_ptr<const node::Directory> directory, node::Directory::open(path, options.create),
               "open");
  HEIRLOOM_TRY(std::optional<node::ManagerLock> lock, node::ManagerLock::try_take(*directory), "lock manager.lock");
  if (!lock) {
    return fail(ErrorCode::already_exists, "held by " + node::ManagerLock::holder(*directory))
        .within("lock manager.lock");
  }
  HEIRLOOM_TRY(const std::shared_ptr<shm::NodeFile> control,
               shm::NodeFile::open_or_create(directory->descriptor(), options.create), "control file");
  if (!control->same_boot()) control->adopt_this_boot();
  HEIRLOOM_TRY(const shm::Attachment attachment, attach(*directory, control), "attach");
  const LifeHeld life(attachment.process);
  // Before any thread is started, so that none of them takes the signal that ends us.
  const os::TerminationBlocked signals;
  HEIRLOOM_TRY(const std::unique_ptr<node::Manager> manager,
               node::Manager::start(directory, *std::move(lock), attachment, options.log), "start");
  if (options.ready) options.ready();
  wait_for_the_end(options);
  return {};
}

}  // namespace

void serve(const std::filesystem::path& directory, const ServeOptions& options) {
  Status served = serve_directory(directory, options);
  if (!served) std::move(served).failure().within("serve \"" + directory.string() + '"').raise();
}

}  // namespace heirloom
