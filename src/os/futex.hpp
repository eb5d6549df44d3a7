// SPDX-License-Identifier: Apache-2.0
//
// Waiting on 32-bit words that processes share. All waits are shared ones and work on read-only mappings too.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

namespace heirloom::os {

struct FutexWait {
  const std::atomic<std::uint32_t>* word;
  std::uint32_t expected;  // sleeps only while the word has this value
};

// Sleeps until one of the words is woken or differs, at most `timeout`. At most 128 words. Spurious returns are possible:
// the caller looks again. False after a time-out.
bool futex_wait_any(std::span<const FutexWait> waits, std::chrono::nanoseconds timeout) noexcept;
bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, std::chrono::nanoseconds timeout) noexcept;
void futex_wake(const std::atomic<std::uint32_t>& word, int waiters) noexcept;

inline constexpr std::size_t kFutexWaitsMax = 128;

}  // namespace heirloom::os
