// SPDX-License-Identifier: Apache-2.0
#include "node/watchdogs.hpp"

#include <algorithm>
#include <utility>

#include "os/boot.hpp"

namespace heirloom::node {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kGraceMin = std::chrono::milliseconds(10);

struct Earliest {
  std::uint64_t deadline = 0;  // 0: nothing is watched
  nanoseconds timeout{0};
};

// Deadlines are of the program's clock, which is `clock_ahead` of this program's.
Earliest earliest_of(const shm::ProcessHeader& header, nanoseconds clock_ahead) {
  Earliest earliest;
  for (const shm::Beat& beat : header.beats) {
    const std::uint64_t said = beat.deadline.load(std::memory_order_acquire);
    if (said == 0) continue;
    const std::uint64_t deadline = said - static_cast<std::uint64_t>(clock_ahead.count());
    if (earliest.deadline != 0 && deadline >= earliest.deadline) continue;
    earliest = {deadline, nanoseconds(beat.timeout.load(std::memory_order_relaxed))};
  }
  return earliest;
}

Watchdogs::Clock::time_point time_of(std::uint64_t deadline) {
  return Watchdogs::Clock::time_point(nanoseconds(static_cast<std::int64_t>(deadline)));
}

}  // namespace

void Watchdogs::watch(std::uint32_t program, std::shared_ptr<const shm::ProcessHeader> header) {
  const nanoseconds ahead = nanoseconds(header->clock_offset) - os::monotonic_offset();
  const std::uint64_t deadline = earliest_of(*header, ahead).deadline;
  if (deadline != 0) watched_[program] = {std::move(header), ahead, time_of(deadline), 0};
}

std::optional<Watchdogs::Clock::time_point> Watchdogs::next_look() const {
  std::optional<Clock::time_point> next;
  for (const auto& [program, watched] : watched_) next = std::min(next.value_or(watched.next_look), watched.next_look);
  return next;
}

std::vector<std::uint32_t> Watchdogs::look(Clock::time_point now) {
  std::vector<std::uint32_t> hung;
  std::vector<std::uint32_t> done;
  for (auto& [program, watched] : watched_) {
    if (watched.next_look > now) continue;
    const Look found = look_at(watched, now);
    if (found == Look::hangs) hung.push_back(program);
    if (found != Look::watched) done.push_back(program);
  }
  for (const std::uint32_t program : done) watched_.erase(program);
  return hung;
}

Watchdogs::Look Watchdogs::look_at(Watched& watched, Clock::time_point now) {
  const auto [deadline, timeout] = earliest_of(*watched.header, watched.clock_ahead);
  if (deadline == 0) return Look::not_watched;
  if (time_of(deadline) > now) {
    watched.next_look = time_of(deadline);
    return Look::watched;
  }
  if (watched.suspected == deadline) return Look::hangs;
  const bool late = now - watched.next_look > timeout / 4;
  watched.suspected = deadline;
  watched.next_look = now + std::max(late ? timeout : timeout / 4, kGraceMin);
  return Look::watched;
}

}  // namespace heirloom::node
