// SPDX-License-Identifier: Apache-2.0
//
// BackOff: the pauses between the attempts at something that fails: short at first, for what passes at once, then twice as
// long each time, up to a bound.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace heirloom::node {

class BackOff {
 public:
  using Pause = std::chrono::milliseconds;
  constexpr BackOff(Pause shortest, Pause longest) : shortest_(shortest), longest_(longest), next_(shortest) {}

  // The pause before the next attempt.
  Pause next() { return std::exchange(next_, std::min(2 * next_, longest_)); }
  // It went well: the next failure is a first one again.
  void reset() { next_ = shortest_; }

 private:
  Pause shortest_;
  Pause longest_;
  Pause next_;
};

}  // namespace heirloom::node
