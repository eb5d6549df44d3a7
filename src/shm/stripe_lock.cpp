// SPDX-License-Identifier: Apache-2.0
#include "shm/stripe_lock.hpp"

#include <array>
#include <bit>
#include <chrono>
#include <climits>
#include <utility>

#include "heirloom/error.hpp"
#include "heirloom/no_wait.hpp"

#include "os/futex.hpp"

namespace heirloom::shm {

static_assert(std::endian::native == std::endian::little, "the upper half of a lock word is its second 32 bits");

namespace {

constexpr int kSpins = 64;
constexpr auto kLookAgain = std::chrono::milliseconds(20);

thread_local bool waiting = true;

}  // namespace

bool Waiting::change(bool waits) noexcept { return std::exchange(waiting, waits); }
bool Waiting::waits() noexcept { return waiting; }

std::uint64_t StripeLock::wait(Holder holder) {
  int spins = 0;
  for (;;) {
    std::uint64_t value = word_.load(std::memory_order_acquire);  // pairs with the taking of the lock
    if (value == 0) {
      // With the waiters' bit: others may be asleep, and nobody counts them.
      const std::uint64_t mine = spins < kSpins ? holder.token : holder.token | kWaiters;
      if (word_.compare_exchange_strong(value, mine, std::memory_order_acq_rel)) return 0;
      continue;
    }
    if (++spins < kSpins) {
      os::relax();
      continue;
    }
    const std::uint64_t held_by = value & ~kWaiters;
    if (held_by == holder.token)
      throw Error(ErrorCode::corrupt, "lock", "a lock names this thread as its holder, which does not hold it");
    const auto program = static_cast<std::uint32_t>(held_by >> 32);
    const auto thread = static_cast<std::uint32_t>(held_by);
    const Peers::Life holders_life = holder.peers->thread_life(program, thread);
    if (holders_life == Peers::Life::dead) {
      if (word_.compare_exchange_strong(value, holder.token | kWaiters, std::memory_order_acq_rel)) {
        return held_by;
      }
      continue;
    }
    if (!waiting) throw Error(ErrorCode::busy, "write", "another thread holds a lock, and this one must not wait");
    if ((value & kWaiters) == 0 && !word_.compare_exchange_strong(value, value | kWaiters, std::memory_order_relaxed)) {
      continue;
    }
    const os::FutexWait lock_word{&upper_half(), static_cast<std::uint32_t>((value | kWaiters) >> 32)};
    const auto life = holder.peers->thread_life_word(program, thread);
    if (life == nullptr) {  // gone meanwhile, or it cannot be looked at
      os::futex_wait_any({&lock_word, 1}, kLookAgain);
      continue;
    }
    const std::uint32_t alive = life->load(std::memory_order_acquire);
    if (Peers::life_word_dead(alive)) continue;
    const std::array<os::FutexWait, 2> waits{lock_word, os::FutexWait{life.get(), alive}};
    os::futex_wait_any(waits, kLookAgain);
    if (Peers::life_word_dead(life->load(std::memory_order_acquire))) os::futex_wake(*life, INT_MAX);
  }
}

void StripeLock::wake() noexcept { os::futex_wake(upper_half(), 1); }

}  // namespace heirloom::shm

namespace heirloom {

NoWait::NoWait() noexcept : before_(shm::Waiting::change(false)) {}
NoWait::~NoWait() { shm::Waiting::change(before_); }

}  // namespace heirloom
