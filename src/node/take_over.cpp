// SPDX-License-Identifier: Apache-2.0
//
// How a manager is ended that does not answer. The process is named by its pidfd from before it is judged, so that no other one that
// is given its pid meanwhile can be meant.
#include <csignal>
#include <thread>

#include "heirloom/node.hpp"
#include "heirloom/serve.hpp"

#include "node/directory.hpp"
#include "node/manager_lock.hpp"
#include "os/pidfd.hpp"

namespace heirloom {

namespace {

bool answers(const std::filesystem::path& path, std::chrono::milliseconds timeout) {
  try {
    const Node node = Node::open(path, {.role = NodeRole::client, .create = false, .timeout = timeout});
    (void)node.find_table(Atom("ok"));  // a node that this program has open already was opened without asking
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::no_manager && error.code() != ErrorCode::timed_out) throw;
    return false;
  }
}

struct Holder {
  std::int32_t process;
  os::Fd pidfd;
};

Result<Holder> holder_of(const node::Directory& directory) {
  const auto signature = node::ManagerLock::signature(directory);
  if (!signature) return fail(ErrorCode::not_found, "the manager has not said who it is");
  auto pidfd = os::open_pidfd(signature->process);
  if (!pidfd || os::start_time_of(signature->process) != signature->started) {
    return fail(ErrorCode::not_found, "the manager is " + node::ManagerLock::holder(directory) +
                                          ", which cannot be seen from here: end it where it runs");
  }
  return Holder{signature->process, *std::move(pidfd)};
}

Result<ManagerEnded> end_manager(const std::filesystem::path& path, const TakeOverOptions& options) {
  HEIRLOOM_TRY(const std::shared_ptr<const node::Directory> directory, node::Directory::open(path, false), "open");
  if (!node::ManagerLock::is_held(*directory)) return fail(ErrorCode::no_manager, "nobody is the manager");
  HEIRLOOM_TRY(const Holder holder, holder_of(*directory), "find the manager");
  if (!options.force && answers(path, options.timeout)) {
    return fail(ErrorCode::badarg, "the manager, " + node::ManagerLock::holder(*directory) + ", answers");
  }
  HEIRLOOM_CHECK(os::send_signal(holder.pidfd, SIGKILL), "end the manager");
  while (!os::process_has_ended(holder.pidfd)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return ManagerEnded{holder.process};
}

}  // namespace

ManagerEnded take_over(const std::filesystem::path& directory, const TakeOverOptions& options) {
  auto ended = end_manager(directory, options);
  if (!ended) std::move(ended).failure().within("take over \"" + directory.string() + '"').raise();
  return *ended;
}

}  // namespace heirloom
