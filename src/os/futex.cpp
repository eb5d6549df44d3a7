// SPDX-License-Identifier: Apache-2.0
#include "os/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "base/assert.hpp"

namespace heirloom::os {

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

bool futex_wait_any(std::span<const FutexWait> waits, std::chrono::nanoseconds timeout) noexcept {
  HEIRLOOM_ASSERT(waits.size() <= kFutexWaitsMax, "futex_waitv takes at most 128 words");
  std::array<futex_waitv, kFutexWaitsMax> vector;
  for (std::size_t i = 0; i < waits.size(); ++i) {
    vector[i] = {};
    vector[i].val = waits[i].expected;
    vector[i].uaddr = reinterpret_cast<std::uintptr_t>(waits[i].word);
    vector[i].flags = FUTEX_32;  // shared: no FUTEX_PRIVATE_FLAG
  }
  timespec deadline{};
  ::clock_gettime(CLOCK_MONOTONIC, &deadline);
  const auto nanoseconds = deadline.tv_nsec + timeout.count() % 1'000'000'000;
  deadline.tv_sec += timeout.count() / 1'000'000'000 + nanoseconds / 1'000'000'000;
  deadline.tv_nsec = nanoseconds % 1'000'000'000;
  const long outcome =
      ::syscall(SYS_futex_waitv, vector.data(), static_cast<unsigned>(waits.size()), 0, &deadline, CLOCK_MONOTONIC);
  return outcome >= 0 || errno != ETIMEDOUT;
}

bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::nanoseconds timeout) noexcept {
  const FutexWait wait{&word, expected};
  return futex_wait_any({&wait, 1}, timeout);
}

void futex_wake(const std::atomic<std::uint32_t>& word, int waiters) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, waiters, nullptr, nullptr, 0);
}

}  // namespace heirloom::os
