// SPDX-License-Identifier: Apache-2.0
//
// How a node is opened and closed; runtime_tables.cpp and runtime_process.cpp have what it is used for.
#include "node/runtime.hpp"

#include <sstream>
#include <thread>
#include <utility>

#include "node/attach.hpp"
#include "node/registry.hpp"
#include "node/table_handle.hpp"
#include "os/boot.hpp"
#include "os/listing.hpp"
#include "os/pidfd.hpp"
#include "process/acting.hpp"
#include "process/log.hpp"
#include "shm/holes.hpp"

namespace heirloom::node {

namespace {

std::string opening(const std::filesystem::path& path) { return "open node \"" + path.string() + '"'; }

}  // namespace

Result<std::shared_ptr<Runtime>> Runtime::open(const std::filesystem::path& path, const NodeOptions& options) {
  const bool observer = options.role == NodeRole::observer;
  auto directory = Directory::open(path, options.create && !observer);
  if (!directory) return std::move(directory).failure().within(opening(path));
  const auto place = os::place_of((*directory)->descriptor());
  if (!place) return place.failure();
  const Key key{place->device, place->inode, observer};
  auto opened = Registry::instance().find_or_open(key, [&]() -> Result<std::shared_ptr<Runtime>> {
    // Its last handle may go on its own thread (a transfer that nobody wanted), which cannot wait for its own end.
    std::shared_ptr<Runtime> runtime(new Runtime(*directory, options), [](Runtime* last) {
      if (last->client_ && last->client_->on_own_thread()) {
        std::thread([last] { delete last; }).detach();
      } else {
        delete last;
      }
    });
    HEIRLOOM_CHECK(runtime->start(), opening(path));
    return runtime;
  });
  if (opened && !observer) process::set_default_host((*opened)->host_);
  return opened;
}

Runtime::Runtime(std::shared_ptr<const Directory> directory, const NodeOptions& options)
    : directory_(std::move(directory)), options_(options), observer_(options.role == NodeRole::observer) {}

Status Runtime::start() {
  HEIRLOOM_TRY(attachment_.node, shm::NodeFile::open_or_create(directory_->descriptor(), options_.create && !observer_),
               "control file");
  if (!observer_) HEIRLOOM_CHECK(wait_for_this_boot(), "adopt");
  HEIRLOOM_TRY(attachment_, attach(*directory_, attachment_.node), "attach");
  host_ = process::Host::open(attachment_.process->number(), *this);
  if (observer_) return {};
  client_ = std::unique_ptr<Client>(new Client(directory_, *this, options_.timeout));
  return client_->start();
}

// After a reboot, and in a copied directory, no program number may be taken before a manager has declared the former ones
// dead; so whoever can be the manager does it here.
Status Runtime::wait_for_this_boot() {
  const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
  while (!attachment_.node->same_boot()) {
    if (options_.role == NodeRole::any) {
      auto taken = ManagerLock::try_take(*directory_);
      if (!taken) return std::move(taken).failure();
      if (*taken) {
        if (!attachment_.node->same_boot()) {
          HEIRLOOM_TRY(const auto segments, os::list_directory(directory_->descriptor(), "tables"), "adopt");
          for (const std::string& name : segments)
            HEIRLOOM_CHECK(shm::fill_holes(directory_->descriptor(), "tables/" + name), "adopt");
          attachment_.node->adopt_this_boot();
        }
        lock_ = std::move(*taken);
        return {};
      }
    } else if (!ManagerLock::is_held(*directory_)) {
      return fail(ErrorCode::no_manager, "the machine was started anew, and no manager has adopted the node since");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(ErrorCode::no_manager,
                  "the manager, " + ManagerLock::holder(*directory_) + ", does not adopt the node");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

Runtime::~Runtime() {
  if (forked_) return;
  close();
  if (client_) client_->stop();
}

void Runtime::close() {
  if (forked_) return;
  {
    const std::lock_guard lock(manager_mutex_);
    if (std::exchange(closed_, true)) return;
  }
  if (host_) host_->close();
  if (client_) client_->say_bye();
  std::unique_ptr<node::Manager> manager;
  {
    const std::lock_guard lock(manager_mutex_);
    manager = std::move(manager_);
    lock_.reset();
  }
}

Result<Client::Owner::Found> Runtime::find_manager() {
  const std::lock_guard lock(manager_mutex_);
  if (closed_) return fail(ErrorCode::no_manager, "the node was closed");
  if (options_.role != NodeRole::any) {
    if (ManagerLock::is_held(*directory_)) return Found::elsewhere;
    return fail(ErrorCode::no_manager, "nobody is the manager of \"" + directory_->path().string() +
                                           "\"; start `heirloom serve`, or open the node with NodeRole::any");
  }
  if (!lock_) {
    HEIRLOOM_TRY(lock_, ManagerLock::try_take(*directory_), "become the manager");
    if (!lock_) return Found::elsewhere;
  }
  ManagerLock lock_file = *std::exchange(lock_, std::nullopt);
  manager_.reset();
  const auto log = [](const std::string& text) { process::log_line("node manager: " + text); };
  HEIRLOOM_TRY(manager_, node::Manager::start(directory_, std::move(lock_file), attachment_, log), "manager");
  return Found::became;
}

void Runtime::thread_started() { attachment_.process->hold_program_life(); }
void Runtime::thread_ending() { attachment_.process->release_program_life(); }

bool Runtime::is_manager() const {
  const std::lock_guard lock(manager_mutex_);
  return manager_ != nullptr;
}

Pid Runtime::root() const { return host_->root_process()->pid(); }
Pid Runtime::current_process() const { return host_->acting(); }

Status Runtime::usable() const {
  if (forked_) {
    return fail(ErrorCode::forked, "the node belongs to the parent of this forked process: open it again");
  }
  return {};
}

// -- fork --

void Runtime::before_fork() {
  if (client_) client_->before_fork();
  manager_mutex_.lock();
  if (manager_) manager_->before_fork();
}

void Runtime::after_fork_in_parent() {
  if (manager_) manager_->after_fork_in_parent();
  manager_mutex_.unlock();
  if (client_) client_->after_fork_in_parent();
}

void Runtime::after_fork_in_child() noexcept {
  forked_ = true;
  if (manager_) manager_->after_fork_in_child();
  if (lock_) lock_->abandon();
  manager_mutex_.unlock();
  if (client_) client_->after_fork_in_child();
}

}  // namespace heirloom::node
