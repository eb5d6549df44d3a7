// SPDX-License-Identifier: Apache-2.0
//
// Programs that hang are ended, so that their tables move on as after any death.
#include <csignal>

#include "node/manager.hpp"
#include "os/pidfd.hpp"

namespace heirloom::node {

void Manager::watch_beats(std::uint32_t program) {
  if (auto header = attachment_.peers->program_header(program)) watchdogs_.watch(program, std::move(header));
}

// nullptr: it has passed none.
const os::Fd* Manager::pidfd_of(std::uint32_t program) const {
  if (const auto connection = by_program_.find(program); connection != by_program_.end())
    return connection->second->pidfd ? &connection->second->pidfd : nullptr;
  const auto alone = pidfds_.find(program);
  return alone == pidfds_.end() ? nullptr : &alone->second;
}

void Manager::end_the_hung() {
  for (const std::uint32_t program : watchdogs_.look(Clock::now())) {
    const os::Fd* const pidfd = pidfd_of(program);
    const std::string name =
        "program " + std::to_string(program) + " (process " + std::to_string(attachment_.peers->os_pid(program)) + ")";
    state_.program_hangs(program);
    const Status ended = pidfd != nullptr ? os::send_signal(*pidfd, SIGKILL)
                                          : Status(fail(ErrorCode::not_found, "it did not say which it is"));
    say(ended ? name + " has missed the deadline of its watchdog: ended"
              : name + " has missed the deadline of its watchdog and cannot be ended: " + ended.failure().to_string());
  }
}

}  // namespace heirloom::node
