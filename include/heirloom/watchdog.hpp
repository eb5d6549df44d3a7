// SPDX-License-Identifier: Apache-2.0
//
// Watchdog: for a program whose owner of a table may hang, which no kernel tells: a deadlock, an endless loop, a call that does not
// return. It promises to beat; when it misses that, the node's manager ends the program (SIGKILL), and its tables move on as
// after any death. Off unless a program makes one.
//
//   Watchdog watchdog(node, std::chrono::seconds(5));
//   for (;;) {
//     watchdog.beat();
//     work();
//   }
//
// A beat reads the clock and stores one word in shared memory; nobody is woken by it. A program that is stopped (SIGSTOP, a debugger) misses its beats like any
// that hangs. While a node has no manager nobody looks; the next manager does.
#pragma once

#include <chrono>
#include <memory>

#include "heirloom/node.hpp"

namespace heirloom {

class Watchdog {
 public:
  // Watches from now on. A program that hangs is ended a quarter of `timeout` (10 ms at least) after the deadline that its last beat
  // has set; later when the manager itself comes late. Errors: badarg (a time-out below 10 ms), system_limit (128 a program),
  // no_manager (the node was opened only to look).
  Watchdog(const Node& node, std::chrono::milliseconds timeout);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void beat() noexcept;
  // Between these nothing is watched: for a call that may take as long as it likes.
  void pause() noexcept;
  void resume() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heirloom
