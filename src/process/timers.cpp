// SPDX-License-Identifier: Apache-2.0
#include "process/timers.hpp"

#include <algorithm>
#include <utility>

namespace heirloom::process {

bool Timers::add(std::uint64_t number, Clock::time_point due, Timer timer) {
  const std::lock_guard lock(mutex_);
  due_.emplace(number, due);
  const auto [place, added] = by_due_.emplace(Key{due, number}, std::move(timer));
  return place == by_due_.begin();
}

std::optional<Timers::Clock::duration> Timers::left(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = due_.find(number);
  if (found == due_.end()) return std::nullopt;
  return std::max(found->second - Clock::now(), Clock::duration::zero());
}

std::optional<Timers::Clock::duration> Timers::cancel(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = due_.find(number);
  if (found == due_.end()) return std::nullopt;
  const Clock::time_point due = found->second;
  by_due_.erase({due, number});
  due_.erase(found);
  return std::max(due - Clock::now(), Clock::duration::zero());
}

std::vector<Timers::Timer> Timers::take_due() {
  const std::lock_guard lock(mutex_);
  std::vector<Timer> due;
  const auto now = Clock::now();
  while (!by_due_.empty() && by_due_.begin()->first.first <= now) {
    due_.erase(by_due_.begin()->first.second);
    due.push_back(std::move(by_due_.extract(by_due_.begin()).mapped()));
  }
  return due;
}

Deadline Timers::next() const {
  const std::lock_guard lock(mutex_);
  return by_due_.empty() ? std::nullopt : Deadline(by_due_.begin()->first.first);
}

}  // namespace heirloom::process
