// SPDX-License-Identifier: Apache-2.0
//
// SupervisorLoop: what the process of a supervisor does, after OTP's supervisor.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "process/supervisor_board.hpp"

namespace heirloom::process {

class SupervisorLoop {
 public:
  // Throws Error{badarg} for two children of one id.
  SupervisorLoop(const SupervisorOptions& options, std::vector<ChildSpec> specs, Pid parent,
                 std::shared_ptr<SupervisorBoard> board);

  // Starts the children in order. When one fails, ends those before it in reverse order and throws what its start threw.
  void start();
  // Restarts children that die, until it is told to stop or must restart too many; then it ends them. The reason of the end.
  Term run();

  // What a SupervisorBoard's requests do: those of Supervisor, on the supervisor's process.
  Pid start_child(ChildSpec spec);
  void terminate_child(Atom id);
  Pid restart_child(Atom id);
  void delete_child(Atom id);

 private:
  struct Child {
    ChildSpec spec;
    std::optional<Pid> pid;
    bool restarting = false;  // its restart failed, and is tried again
  };

  // Each returns false when the supervisor gives up.
  bool handle(const Term& message);
  bool child_ended(Child& child, const Term& reason);
  bool restart(Child& child);

  void start_again(std::size_t first, std::size_t last);
  bool may_restart();
  // Children [first, last), in reverse order; those that are temporary leave the list.
  void end_children(std::size_t first, std::size_t last);
  void end_all() { end_children(0, children_.size()); }
  static void end_child(const Child& child);
  void run_child(Child& child);
  void drop(const Child& child);
  Child* find(Pid pid);
  Child* find(Atom id);
  // Throw not_found, and already_exists for one that runs.
  Child& existing(Atom id, const char* operation);
  Child& ended(Atom id, const char* operation);
  // Shows the children to other threads.
  void publish();

  const SupervisorOptions options_;
  std::vector<Child> children_;
  const Pid parent_;
  const std::shared_ptr<SupervisorBoard> board_;
  std::deque<std::chrono::steady_clock::time_point> restarts_;  // within the period
  Term reason_;                                                 // why it ends, once a handler has returned false
};

}  // namespace heirloom::process
