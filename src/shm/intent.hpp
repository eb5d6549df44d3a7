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
// Layout: `armed`, `settling`, then entries of {offset of the word, its new value}. Entry 0 publishes. `armed` is the number of
// entries, 0 of a record that is not armed, twice, in different bytes, so that no single damaged byte arms a record, or another
// number of its entries. Around that stands the *note*: what the change is part of, in the words of the layer above. So the store that
// arms a record says what for, and costs nothing more. The note stays when the record is disarmed.
//
// Invariants
//   I1  The publishing entry changes its word: so the word tells whether it was stored.
//   I2  Words named by an armed record are stored by nobody but the holder of its lock.
//   I3  Repair stores nothing that readers see: what publishes was stored before the death, or never is.
//
// Locking: a record belongs to one lock; only its holder reads or writes it.
//
// `settling` names a dead holder of the lock (the token of stripe_lock.hpp) while somebody settles what it left, else it is 0: who
// dies at that is not mistaken for the one who had the write under way.
//
// Death after any line of commit(): before the publishing store, the old state; from then on, the new one.
//
// Why not a semantic record ("insert key K")? Each operation would need repair code of its own, which runs only after a
// death: the least tested code of all. Words and values need one loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/assert.hpp"
#include "shm/offset.hpp"

namespace heirloom::shm {

class Segment;

inline constexpr std::uint64_t kIntentEntriesMax = 31;
// What `armed` is but for its note: bits 0 to 7, and bits 13 to 17 once more.
constexpr std::uint64_t armed_with(std::uint64_t entries) noexcept { return entries | entries << 13; }
inline constexpr std::uint64_t kArmedMask = 0xFF | armed_with(kIntentEntriesMax);

struct IntentEntry {
  std::atomic<std::uint64_t> offset;
  std::atomic<std::uint64_t> value;
};

struct Intent {
  std::atomic<std::uint64_t> armed;
  std::atomic<std::uint64_t> settling;
  IntentEntry entries[kIntentEntriesMax];

  [[nodiscard]] bool is_armed() const noexcept { return (armed.load(std::memory_order_acquire) & kArmedMask) != 0; }
  [[nodiscard]] std::uint64_t note() const noexcept { return armed.load(std::memory_order_acquire) & ~kArmedMask; }
  // Whether it is armed or not, stays.
  void set_note(std::uint64_t note) noexcept {
    armed.store(note | (armed.load(std::memory_order_relaxed) & kArmedMask), std::memory_order_release);
  }
  void disarm() noexcept { armed.store(note(), std::memory_order_release); }
};
static_assert(sizeof(Intent) == 512);

enum class Repair { nothing, finished, undone };

// What repair() will answer. `may_store` says which words the record may name: throws Error{corrupt} where it names another one, or
// says no number of entries.
using MayStore = std::function<bool(Offset word)>;
Repair state_of(const Intent& intent, Base base, const MayStore& may_store);
// The answer to a dead holder.
Repair repair(Intent& intent, Base base, const MayStore& may_store);

// One write under one lock. Stage with publish() (once) and store(), then commit(). A Change that is dropped did nothing.
class Change {
 public:
  // No bit of a note is in kArmedMask. `segment`: which is told where what is to be stored cannot be.
  Change(Intent& intent, Base base, std::uint64_t note = 0, const Segment* segment = nullptr) noexcept
      : intent_(intent), base_(base), note_(note), segment_(segment) {}
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  void set_note(std::uint64_t note) noexcept { note_ = note; }

  // The word as it will be after the commit.
  [[nodiscard]] std::uint64_t load(Offset offset) const noexcept {
    for (std::uint64_t i = count_; i-- > 1;) {
      if (intent_.entries[i].offset.load(std::memory_order_relaxed) == offset) {
        return intent_.entries[i].value.load(std::memory_order_relaxed);
      }
    }
    return word_at(base_, offset).load(std::memory_order_relaxed);
  }

  // Throws Error{corrupt} where that would change nothing (I1): what the value was made of is not what it seems.
  void publish(Offset offset, std::uint64_t value) {
    if (word_at(base_, offset).load(std::memory_order_relaxed) == value) [[unlikely]]
      refuse(offset, "would be stored where it is already");
    set(0, offset, value);
    published_ = true;
  }

  // Throws Error{corrupt} where the word is the one that publishes: two records lie in one place.
  void store(Offset offset, std::uint64_t value) {
    if (published_ && intent_.entries[0].offset.load(std::memory_order_relaxed) == offset) [[unlikely]]
      refuse(offset, "would be stored twice");
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
    intent_.armed.store(note_ | armed_with(count_), std::memory_order_release);
    for (std::uint64_t i = 0; i < count_; ++i) {
      word_at(base_, intent_.entries[i].offset.load(std::memory_order_relaxed))
          .store(intent_.entries[i].value.load(std::memory_order_relaxed), std::memory_order_release);
    }
    intent_.armed.store(note_, std::memory_order_release);
    count_ = 1;
    published_ = false;
  }

 private:
  [[noreturn, gnu::cold]] void refuse(Offset offset, const char* what) const;
  void set(std::uint64_t index, Offset offset, std::uint64_t value) noexcept {
    intent_.entries[index].offset.store(offset, std::memory_order_relaxed);
    intent_.entries[index].value.store(value, std::memory_order_relaxed);
  }

  Intent& intent_;
  Base base_;
  std::uint64_t note_;
  const Segment* segment_;
  std::uint64_t count_ = 1;  // entry 0 is the publishing one
  bool published_ = false;
};

}  // namespace heirloom::shm
