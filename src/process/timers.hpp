// SPDX-License-Identifier: Apache-2.0
//
// Timers: messages that are to be sent later, by the moment at which they are due. Of those due at the same moment the one that
// was started first is the first. Any thread may call it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

#include "process/mailbox.hpp"

namespace heirloom::process {

class Timers {
 public:
  using Clock = std::chrono::steady_clock;
  struct Timer {
    Pid receiver;
    Term message;
  };

  // `number` is new. True when no other is due before it.
  bool add(std::uint64_t number, Clock::time_point due, Timer timer);
  // How long it had still to wait, at least 0; nothing when it was sent or cancelled before.
  std::optional<Clock::duration> cancel(std::uint64_t number);
  [[nodiscard]] std::optional<Clock::duration> left(std::uint64_t number) const;
  // Those due by now, in order; they are timers no longer.
  std::vector<Timer> take_due();
  // When the next one is due; none: never.
  [[nodiscard]] Deadline next() const;

 private:
  using Key = std::pair<Clock::time_point, std::uint64_t>;

  mutable std::mutex mutex_;
  std::map<Key, Timer> by_due_;  // guarded by mutex_, as the next
  std::unordered_map<std::uint64_t, Clock::time_point> due_;
};

}  // namespace heirloom::process
