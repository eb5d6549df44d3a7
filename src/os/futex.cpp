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
#include "os/file.hpp"

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

void sleep_briefly() noexcept {
  const timespec tenth{.tv_sec = 0, .tv_nsec = 100'000};
  ::nanosleep(&tenth, nullptr);
}

Status futex_usable() {
  // A word that differs: answered at once, by EAGAIN.
  const std::atomic<std::uint32_t> word{0};
  const FutexWait wait{&word, 1};
  futex_waitv vector{
      .val = wait.expected, .uaddr = reinterpret_cast<std::uintptr_t>(wait.word), .flags = FUTEX_32, .__reserved = 0};
  if (::syscall(SYS_futex_waitv, &vector, 1U, 0, nullptr, CLOCK_MONOTONIC) >= 0 || errno == EAGAIN) return {};
  return errno_failure(errno,
                       "futex_waitv: this kernel cannot wait for a lock and its holder's life at once (Linux 5.16 or "
                       "later can; a sandbox may forbid it)");
}

void futex_wake(const std::atomic<std::uint32_t>& word, int waiters) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, waiters, nullptr, nullptr, 0);
}

}  // namespace heirloom::os
