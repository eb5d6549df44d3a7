// SPDX-License-Identifier: Apache-2.0
//
// Supervision: one running supervisor, as the thread that made it sees it: what Supervisor is, for a Host. The supervisor is
// a process of its own, which traps exits and starts its children, so that they are linked to it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "heirloom/supervisor.hpp"

#include "process/host.hpp"

namespace heirloom::process {

class Supervision {
 public:
  using Children = std::vector<std::pair<Atom, std::optional<Pid>>>;

  // Returns when all children are started. Throws what a child's start threw, after ending those started before it.
  Supervision(std::shared_ptr<Host> host, const SupervisorOptions& options, std::vector<ChildSpec> children);
  // Ends the children and the supervisor.
  ~Supervision();
  Supervision(const Supervision&) = delete;
  Supervision& operator=(const Supervision&) = delete;

  Term wait();
  void stop();
  [[nodiscard]] Pid pid() const noexcept { return pid_; }
  [[nodiscard]] Children which_children() const;

  // What the supervisor's process shows to other threads.
  struct Board {
    std::mutex mutex;
    Children children;           // guarded by mutex
    std::optional<Term> reason;  // of its end; guarded by mutex
  };

 private:
  const std::shared_ptr<Host> host_;
  const std::shared_ptr<Board> board_;
  Pid pid_;
};

}  // namespace heirloom::process
