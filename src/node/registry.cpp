// SPDX-License-Identifier: Apache-2.0
#include "node/registry.hpp"

#include <cstdlib>
#include <utility>

#include "os/fork.hpp"

namespace heirloom::node {

Registry& Registry::instance() {
  static auto& registry = *new Registry;
  return registry;
}

Registry::Registry() {
  std::atexit(&Registry::at_exit);
  os::around_fork(&Registry::before_fork, &Registry::after_fork_in_parent, &Registry::after_fork_in_child);
}

std::vector<std::shared_ptr<Runtime>> Registry::living_locked() {
  std::vector<std::shared_ptr<Runtime>> living;
  for (const auto& [key, weak] : open_) {
    if (auto runtime = weak.lock()) living.push_back(std::move(runtime));
  }
  return living;
}

Result<std::shared_ptr<Runtime>> Registry::find_or_open(const Runtime::Key& key,
                                                        const std::function<Result<std::shared_ptr<Runtime>>()>& open) {
  // Held while the node is opened: whoever wants the same one waits for it.
  const std::lock_guard lock(mutex_);
  if (const auto found = open_.find(key); found != open_.end()) {
    if (auto runtime = found->second.lock()) return runtime;
  }
  auto opened = open();
  if (opened) open_[key] = *opened;
  return opened;
}

void Registry::at_exit() {
  std::vector<std::shared_ptr<Runtime>> living;
  {
    const std::lock_guard lock(instance().mutex_);
    living = instance().living_locked();
  }
  for (const auto& runtime : living) runtime->close();
}

void Registry::before_fork() {
  Registry& self = instance();
  self.mutex_.lock();
  self.forking_ = self.living_locked();
  for (const auto& runtime : self.forking_) runtime->before_fork();
}

void Registry::after_fork_in_parent() {
  Registry& self = instance();
  const auto runtimes = std::exchange(self.forking_, {});
  for (const auto& runtime : runtimes) runtime->after_fork_in_parent();
  self.mutex_.unlock();
  // Here, without a lock, the last handle of a runtime may go.
}

void Registry::after_fork_in_child() {
  Registry& self = instance();
  for (const auto& runtime : self.forking_) runtime->after_fork_in_child();
  // Their threads are not in this process: they can neither be used nor be taken apart, so they are kept for ever.
  static_cast<void>(new std::vector<std::shared_ptr<Runtime>>(std::exchange(self.forking_, {})));
  self.open_.clear();
  self.mutex_.unlock();
}

}  // namespace heirloom::node
