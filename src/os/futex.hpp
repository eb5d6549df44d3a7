// SPDX-License-Identifier: Apache-2.0
//
// Waiting on 32-bit words that processes share. All waits are shared ones and work on read-only mappings too.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

#include "base/result.hpp"

namespace heirloom::os {

struct FutexWait {
  const std::atomic<std::uint32_t>* word;
  std::uint32_t expected;  // sleeps only while the word has this value
};

// Sleeps until one of the words is woken or differs, at most `timeout`. At most 128 words. Spurious returns are possible:
// the caller looks again. False after a time-out.
bool futex_wait_any(std::span<const FutexWait> waits, std::chrono::nanoseconds timeout) noexcept;
bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::nanoseconds timeout) noexcept;
void futex_wake(const std::atomic<std::uint32_t>& word, int waiters) noexcept;

// Whether this kernel, and the sandbox around this program, let it wait on several words (Linux 5.16 or later).
Status futex_usable();

// Tells the processor that this is a loop that waits.
inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A tenth of a millisecond: for loops that wait for others to leave.
void sleep_briefly() noexcept;

inline constexpr std::size_t kFutexWaitsMax = 128;

}  // namespace heirloom::os
