// SPDX-License-Identifier: Apache-2.0
//
// HeldBack: what a program was told and cannot take in now: the transfer of a table that cannot be opened (no descriptor is
// left, say), and what must not overtake it. In the order of its arrival.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "node/back_off.hpp"
#include "wire/messages.hpp"

namespace heirloom::node {

class HeldBack {
 public:
  // Whether the message belongs behind one that is held back: it is of the same table, or of a process that had it before.
  [[nodiscard]] bool concerns(const wire::ToProgram& message) const;
  void add(wire::ToProgram message) { messages_.push_back(std::move(message)); }
  // Whether nothing was tried again since all was well.
  [[nodiscard]] bool is_first_try() const noexcept { return tries_ == 0; }

  // All of them, when it is time to try again: those that fail again are added again, in the same order.
  std::vector<wire::ToProgram> take_when_due();
  // How long until then; nothing when there are none.
  std::optional<std::chrono::milliseconds> time_left();

 private:
  using Clock = std::chrono::steady_clock;

  std::vector<wire::ToProgram> messages_;
  BackOff back_off_{std::chrono::milliseconds(1), std::chrono::milliseconds(1000)};
  std::optional<Clock::time_point> next_try_;
  int tries_ = 0;
};

}  // namespace heirloom::node
