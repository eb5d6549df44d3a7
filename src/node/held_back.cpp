// SPDX-License-Identifier: Apache-2.0
#include "node/held_back.hpp"

#include <algorithm>
#include <utility>

namespace heirloom::node {

bool HeldBack::concerns(const wire::ToProgram& message) const {
  const auto* transfer = std::get_if<wire::Transfer>(&message);
  const auto* died = std::get_if<wire::ProcessDied>(&message);
  const auto* forward = std::get_if<wire::Forward>(&message);
  return std::any_of(messages_.begin(), messages_.end(), [&](const wire::ToProgram& held) {
    const auto* first = std::get_if<wire::Transfer>(&held);
    if (first == nullptr) return false;
    return (transfer != nullptr && transfer->table.id == first->table.id) ||
           (died != nullptr && (died->pid == first->from || died->pid == first->former)) ||
           (forward != nullptr && (forward->from == first->from || forward->from == first->former));
  });
}

std::vector<wire::ToProgram> HeldBack::take_when_due() {
  if (!next_try_ || Clock::now() < *next_try_) return {};
  next_try_.reset();
  ++tries_;
  return std::exchange(messages_, {});
}

std::optional<std::chrono::milliseconds> HeldBack::time_left() {
  if (messages_.empty()) {
    back_off_.reset();
    next_try_.reset();
    tries_ = 0;
    return std::nullopt;
  }
  const auto now = Clock::now();
  if (!next_try_) next_try_ = now + back_off_.next();
  return std::chrono::ceil<std::chrono::milliseconds>(*next_try_ - now);
}

}  // namespace heirloom::node
