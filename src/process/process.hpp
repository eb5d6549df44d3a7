// SPDX-License-Identifier: Apache-2.0
//
// Process: one process of this program as its Host keeps it. The root process is not run by a thread that could be ended:
// exit signals, `kill` too, arrive at it as messages {'EXIT', From, Reason}, as if it always trapped them.
#pragma once

#include <atomic>
#include <memory>

#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

#include "process/mailbox.hpp"

namespace heirloom::process {

class Host;

class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(Host& host, Pid pid) : host_(host), pid_(pid), mailbox_(pid), traps_exits_(is_root()) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Whoever holds a Process holds its Host too.
  [[nodiscard]] Host& host() const noexcept { return host_; }
  [[nodiscard]] Pid pid() const noexcept { return pid_; }
  [[nodiscard]] bool is_root() const noexcept { return pid_.index == 0; }
  [[nodiscard]] Mailbox& mailbox() noexcept { return mailbox_; }

  // The value before. That of the root process stays true.
  bool trap_exits(bool trap) noexcept { return traps_exits_.exchange(trap || is_root()); }
  [[nodiscard]] bool traps_exits() const noexcept { return traps_exits_.load(); }

  // An exit signal from `from`, because a link broke or by exit/2: only the latter's `kill` cannot be trapped.
  void exit_signal(Pid from, const Term& reason, bool by_link);

 private:
  Host& host_;
  const Pid pid_;
  Mailbox mailbox_;
  std::atomic<bool> traps_exits_;
};

// The spawned process that the calling thread runs, or null. A raw pointer, since every write to a table asks for it; the
// function that runs the thread keeps the process alive.
inline Process*& running_process() noexcept {
  constinit static thread_local Process* running = nullptr;
  return running;
}

}  // namespace heirloom::process
