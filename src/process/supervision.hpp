// SPDX-License-Identifier: Apache-2.0
//
// Supervision: one running supervisor, as the thread that made it sees it: what Supervisor is, for a Host. The supervisor is
// a process of its own, which traps exits and starts its children, so that they are linked to it.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "heirloom/supervisor.hpp"

#include "process/host.hpp"
#include "process/supervisor_board.hpp"

namespace heirloom::process {

class Supervision {
 public:
  using Children = SupervisorBoard::Children;

  // Returns when all children are started. Throws what a child's start threw, after ending those started before it.
  Supervision(std::shared_ptr<Host> host, const SupervisorOptions& options, std::vector<ChildSpec> children);
  // Ends the children and the supervisor.
  ~Supervision();
  Supervision(const Supervision&) = delete;
  Supervision& operator=(const Supervision&) = delete;

  // As a child, linked to the supervisor that starts it.
  static ChildSpec child_spec(Atom id, const SupervisorOptions& options, std::vector<ChildSpec> children);

  Term wait();
  void stop();
  [[nodiscard]] Pid pid() const noexcept { return pid_; }
  [[nodiscard]] Children which_children() const { return board_->children(); }
  [[nodiscard]] ChildCount count_children() const { return board_->count(); }

  Pid start_child(ChildSpec child);
  void terminate_child(Atom id);
  Pid restart_child(Atom id);
  void delete_child(Atom id);

 private:
  // Lets the supervisor's process do it, and waits.
  void ask(SupervisorBoard::Request request);

  const std::shared_ptr<Host> host_;
  const std::shared_ptr<SupervisorBoard> board_;
  Pid pid_;
};

}  // namespace heirloom::process
