// SPDX-License-Identifier: Apache-2.0
//
// Registry: the nodes that this program has open. It gives the same Runtime for the same directory, says Bye for all of them
// when the program exits, and keeps a forked child from using them.
//
// It is never destroyed: handles in static objects may outlive main().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.hpp"
#include "node/runtime.hpp"

namespace heirloom::node {

class Registry {
 public:
  static Registry& instance();

  // The one that is open, else what `open` makes. Two threads that open the same node make it once.
  Result<std::shared_ptr<Runtime>> find_or_open(const Runtime::Key& key,
                                                const std::function<Result<std::shared_ptr<Runtime>>()>& open);

 private:
  Registry();
  std::vector<std::shared_ptr<Runtime>> living_locked();
  static void at_exit();
  static void before_fork();
  static void after_fork_in_parent();
  static void after_fork_in_child();

  std::mutex mutex_;
  std::map<Runtime::Key, std::weak_ptr<Runtime>> open_;
  std::vector<std::shared_ptr<Runtime>> forking_;  // between before_fork() and after_fork_in_*()
};

}  // namespace heirloom::node
