// SPDX-License-Identifier: Apache-2.0
//
// Timers of a Host: a process of its own sends what is due. It is spawned for the first timer, and ends with the others when
// the Host is closed.
#include <utility>

#include "process/atoms.hpp"
#include "process/host.hpp"
#include "process/receiving.hpp"

namespace heirloom::process {

void Host::start_timer(std::uint64_t number, std::chrono::milliseconds delay, Pid receiver, Term message) {
  const Pid sender = timer_process();
  // What lies too far away to be counted is as good as never, and can be cancelled.
  const auto due = deadline_after(delay).value_or(Timers::Clock::time_point::max());
  if (timers_.add(number, due, {receiver, std::move(message)})) send(sender, sender, atoms().wake);
}

Pid Host::timer_process() {
  const std::lock_guard lock(timer_process_mutex_);
  if (!timer_process_) timer_process_ = spawn([this] { run_timers(); }, {}).pid;
  return *timer_process_;
}

void Host::run_timers() {
  Process& me = *running_process();
  for (;;) {
    for (const Timers::Timer& timer : timers_.take_due()) send(me.pid(), timer.receiver, timer.message);
    take_term(me, nullptr, timers_.next());
  }
}

}  // namespace heirloom::process
