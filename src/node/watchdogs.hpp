// SPDX-License-Identifier: Apache-2.0
//
// Watchdogs: which programs have missed the deadlines that they have set themselves, in the beats of their process files. Nobody is
// woken by a beat: this looks when the next deadline is over, and mostly finds a later one.
//
// A program is not taken for hung at the first look. One more time is given, a quarter of its time-out; and all of it when this look
// itself comes late, since what stopped the manager - a suspended container - may have stopped the program too.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "shm/process_file.hpp"

namespace heirloom::node {

class Watchdogs {
 public:
  using Clock = std::chrono::steady_clock;

  void watch(std::uint32_t program, std::shared_ptr<const shm::ProcessHeader> header);
  void forget(std::uint32_t program) { watched_.erase(program); }

  // When to look again; nothing: when somebody is watched.
  [[nodiscard]] std::optional<Clock::time_point> next_look() const;
  // Those that hang; they are watched no more.
  std::vector<std::uint32_t> look(Clock::time_point now);

 private:
  struct Watched {
    std::shared_ptr<const shm::ProcessHeader> header;
    std::chrono::nanoseconds clock_ahead;  // of this program's, where one of the two runs in a time namespace
    Clock::time_point next_look;
    std::uint64_t suspected = 0;  // the deadline that was over at the last look
  };
  enum class Look {
    watched,
    not_watched,  // it says so when it is again
    hangs
  };
  static Look look_at(Watched& watched, Clock::time_point now);

  std::map<std::uint32_t, Watched> watched_;
};

}  // namespace heirloom::node
