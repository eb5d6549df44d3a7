// SPDX-License-Identifier: Apache-2.0
//
// StripeLock: a lock of one 64-bit word in shared memory, whose holder may die.
//
//   63       62..32           31..0
//   waiters  program number   thread name           0: free
//
// The word names its holder by numbers, never by a pid or a pointer: whether the holder lives is read from its life word
// (process_file.hpp). Taking the lock is a release, too: who reads the name must see that its bearer has begun to live. Who
// finds a dead holder takes the lock from it by compare-and-swap, and must repair what the lock guards before anything else; if
// the repairer dies in turn, the word names it, and the next one repairs.
//
// Waiting: on the upper half of the word and on the holder's life word at once. The kernel wakes one waiter of a dead
// thread's word; that one wakes the others. The wait is timed, for deaths that only the second proof tells (peers.hpp).
//
// Who must not wait (Waiting) gets Error{busy} instead, when it has looked for some microseconds.
//
// Rank: stripes in the order of their numbers, then the dictionary, then the page pool. Nobody waits for a lock of lower
// rank than one it holds.
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/peers.hpp"

namespace heirloom::shm {

// Who takes locks: one thread of this program.
struct Holder {
  Peers* peers;
  std::uint64_t token;  // program number << 32 | thread name

  static Holder of(Peers& peers, std::uint32_t program, std::uint32_t thread) noexcept {
    return {&peers, (std::uint64_t{program} << 32) | thread};
  }
};

// Whether this thread waits for locks, while one exists.
class Waiting {
 public:
  explicit Waiting(bool waits) noexcept : before_(change(waits)) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { change(before_); }
  static bool change(bool waits) noexcept;  // returns what it was
  [[nodiscard]] static bool waits() noexcept;

 private:
  bool before_;
};

class StripeLock {
 public:
  // The token of the dead holder from whom it was taken; 0: it was free. Throws Error{corrupt} where the word names the one who asks,
  // Error{busy} where this thread does not wait.
  std::uint64_t acquire(Holder holder) {
    std::uint64_t expected = 0;
    if (word_.compare_exchange_strong(expected, holder.token, std::memory_order_acq_rel, std::memory_order_relaxed))
        [[likely]] {
      return 0;
    }
    return wait(holder);
  }

  void release() noexcept {
    const std::uint64_t old = word_.exchange(0, std::memory_order_release);
    if ((old & kWaiters) != 0) [[unlikely]]
      wake();
  }

  // For `check` and reports: whether a living or dead thread holds it.
  [[nodiscard]] std::uint64_t holder_token() const noexcept {
    return word_.load(std::memory_order_acquire) & ~kWaiters;
  }

 private:
  static constexpr std::uint64_t kWaiters = std::uint64_t{1} << 63;
  std::uint64_t wait(Holder holder);
  void wake() noexcept;
  [[nodiscard]] const std::atomic<std::uint32_t>& upper_half() const noexcept {
    return reinterpret_cast<const std::atomic<std::uint32_t>*>(&word_)[1];
  }

  std::atomic<std::uint64_t> word_;
};
static_assert(sizeof(StripeLock) == 8);

}  // namespace heirloom::shm
