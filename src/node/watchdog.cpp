// SPDX-License-Identifier: Apache-2.0
#include "heirloom/watchdog.hpp"

#include "node/runtime.hpp"

namespace heirloom {

struct Watchdog::State {
  std::shared_ptr<node::Runtime> runtime;
  shm::Beat* beat;
  std::chrono::nanoseconds timeout;
};

Watchdog::Watchdog(const Node& node, std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds kTimeoutMin{10};
  if (timeout < kTimeoutMin) {
    throw Error(ErrorCode::badarg, "start a watchdog",
                "a time-out of less than 10 ms would end programs that only wait");
  }
  const auto& runtime = node.runtime();
  shm::Beat* const beat = runtime->start_watchdog(timeout).value_or_raise();
  state_ = std::make_unique<State>(State{runtime, beat, timeout});
  resume();
}

Watchdog::~Watchdog() {
  if (state_->runtime->forked()) return;  // the parent's beats are none of the child's business
  pause();
  state_->beat->timeout.store(0, std::memory_order_release);
}

void Watchdog::beat() noexcept {
  if (state_->runtime->forked()) return;
  const auto deadline = std::chrono::steady_clock::now() + state_->timeout;
  state_->beat->deadline.store(static_cast<std::uint64_t>(deadline.time_since_epoch().count()),
                               std::memory_order_release);
}

void Watchdog::pause() noexcept {
  if (!state_->runtime->forked()) state_->beat->deadline.store(0, std::memory_order_release);
}

void Watchdog::resume() noexcept {
  if (state_->runtime->forked()) return;
  beat();
  state_->runtime->announce_watchdog();
}

}  // namespace heirloom
