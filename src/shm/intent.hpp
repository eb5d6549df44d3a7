// SPDX-License-Identifier: Apache-2.0
//
// Intent and Change: how one store publishes a write whose bookkeeping takes several.
//
// A write stages the words that it will store in the intent record of its lock, arms the record, stores the one word that
// publishes, then the others, and disarms the record. Whoever takes the lock from a dead holder looks into the record: not
// armed, or armed but not published - nothing happened, and nothing is left to do, since what was prepared lies in memory
// that nobody reaches and that still counts as free. Published - the other words are stored (again): all of them hold
// absolute values, so it does not matter how many were stored already, nor how often this is done.
//
// Layout: `armed` (0, or the number of entries), then entries of {offset of the word, its new value}. Entry 0 publishes.
//
// Invariants
//   I1  The publishing entry changes its word: so the word tells whether it was stored.
//   I2  Words named by an armed record are stored by nobody but the holder of its lock.
//   I3  Repair stores nothing that readers see: what publishes was stored before the death, or never is.
//
// Locking: a record belongs to one lock; only its holder reads or writes it.
//
// Death after any line of commit(): before the publishing store, the old state; from then on, the new one.
//
// Why not a semantic record ("insert key K")? Each operation would need repair code of its own, which runs only after a
// death: the least tested code of all. Words and values need one loop.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/assert.hpp"
#include "shm/offset.hpp"

namespace heirloom::shm {

inline constexpr std::uint64_t kIntentEntriesMax = 31;

struct IntentEntry {
  std::atomic<std::uint64_t> offset;
  std::atomic<std::uint64_t> value;
};

struct Intent {
  std::atomic<std::uint64_t> armed;
  std::uint64_t reserved;
  IntentEntry entries[kIntentEntriesMax];
};
static_assert(sizeof(Intent) == 512);

enum class Repair { nothing, finished, undone };

// The answer to a dead holder. `bytes` bounds the offsets that the record may name: beyond, it throws Error{corrupt}.
Repair repair(Intent& intent, Base base, std::uint64_t bytes);

// One write under one lock. Stage with publish() (once) and store(), then commit(). A Change that is dropped did nothing.
class Change {
 public:
  Change(Intent& intent, Base base) noexcept : intent_(intent), base_(base) {}
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  // The word as it will be after the commit.
  [[nodiscard]] std::uint64_t load(Offset offset) const noexcept {
    for (std::uint64_t i = count_; i-- > 1;) {
      if (intent_.entries[i].offset.load(std::memory_order_relaxed) == offset) {
        return intent_.entries[i].value.load(std::memory_order_relaxed);
      }
    }
    return word_at(base_, offset).load(std::memory_order_relaxed);
  }

  void publish(Offset offset, std::uint64_t value) noexcept {
    HEIRLOOM_ASSERT(word_at(base_, offset).load(std::memory_order_relaxed) != value,
                    "intent.hpp I1: the publishing store changes its word");
    set(0, offset, value);
    published_ = true;
  }

  void store(Offset offset, std::uint64_t value) noexcept {
    HEIRLOOM_ASSERT(!published_ || intent_.entries[0].offset.load(std::memory_order_relaxed) != offset,
                    "intent.hpp I1: the publishing word is stored once");
    for (std::uint64_t i = 1; i < count_; ++i) {
      if (intent_.entries[i].offset.load(std::memory_order_relaxed) == offset) return set(i, offset, value);
    }
    HEIRLOOM_ASSERT(count_ < kIntentEntriesMax, "a change has at most 31 words");
    set(count_++, offset, value);
  }

  // Every store below is a release store, so that neither compiler nor processor moves one before its predecessor. The
  // publishing one pairs with the acquire loads of readers.
  void commit() noexcept {
    HEIRLOOM_ASSERT(published_, "a change publishes one word");
    intent_.armed.store(count_, std::memory_order_release);
    for (std::uint64_t i = 0; i < count_; ++i) {
      word_at(base_, intent_.entries[i].offset.load(std::memory_order_relaxed))
          .store(intent_.entries[i].value.load(std::memory_order_relaxed), std::memory_order_release);
    }
    intent_.armed.store(0, std::memory_order_release);
    count_ = 1;
    published_ = false;
  }

 private:
  void set(std::uint64_t index, Offset offset, std::uint64_t value) noexcept {
    intent_.entries[index].offset.store(offset, std::memory_order_relaxed);
    intent_.entries[index].value.store(value, std::memory_order_relaxed);
  }

  Intent& intent_;
  Base base_;
  std::uint64_t count_ = 1;  // entry 0 is the publishing one
  bool published_ = false;
};

}  // namespace heirloom::shm
