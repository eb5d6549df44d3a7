// SPDX-License-Identifier: Apache-2.0
//
// SupervisorLoop: what the process of a supervisor does, after OTP's supervisor with strategy one_for_one.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "process/supervision.hpp"

namespace heirloom::process {

class SupervisorLoop {
 public:
  SupervisorLoop(const SupervisorOptions& options, std::vector<ChildSpec> specs, Pid parent,
                 std::shared_ptr<Supervision::Board> board);

  // Starts the children in order. When one fails, ends those before it in reverse order and throws what its start threw.
  void start();
  // Restarts children that die, until it is told to stop or must restart too many; then it ends them. The reason of the end.
  Term run();

 private:
  struct Child {
    ChildSpec spec;
    std::optional<Pid> pid;
  };

  void start_child(Child& child);
  // False when it gives up.
  bool child_ended(Child& child, const Term& reason);
  bool restart(Child& child);
  bool may_restart();
  void end_children();
  static void end_child(const Child& child);
  Child* find(Pid pid);
  // Shows the children to other threads.
  void publish();

  const SupervisorOptions options_;
  std::vector<Child> children_;
  const Pid parent_;
  const std::shared_ptr<Supervision::Board> board_;
  std::deque<std::chrono::steady_clock::time_point> restarts_;  // within the period
};

}  // namespace heirloom::process
