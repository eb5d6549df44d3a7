// SPDX-License-Identifier: Apache-2.0
//
// What the next comer does. All of it is one function, StripeGuard::settle(), called when a lock was taken from a dead
// holder, or when its stripe has work under way (docs/recovery.md).
//
// It is idempotent, for the repairer may die too; it takes time in proportion to what was under way, not to the table; and
// nothing that it stores changes what a reader sees (intent.hpp I3).
//
// Before it repairs anything it looks at what was under way, for the record that it leaves. The verdict is stored in the note of the
// intent record (note.hpp) before the repair begins: so who comes after a repairer that died tells the same.
#include <algorithm>
#include <bit>

#include "table/stripe_guard.hpp"
#include "term/brief.hpp"
#include "term/validate.hpp"

namespace heirloom::table {

namespace {

// Of a longer object the key is not proven to be a term, and so not told unless it is a number.
constexpr std::uint64_t kProvenWordsMax = std::uint64_t{1} << 17;
constexpr std::uint64_t kCountedMax = std::uint64_t{1} << 24;  // of a list that may be a ring

}  // namespace

void StripeGuard::settle(std::uint64_t dead, RepairRecords& found) {
  shm::Segment& segment = *table_.segment_;
  shm::Intent& intent = stripe_.intent;
  if (!segment.repairs()) {
    // The sabotage of the demonstration: as if locks were all that a death leaves behind.
    intent.disarm();
    intent.settling.store(0, std::memory_order_release);
    for (auto& work : stripe_.work) work = 0;
    return;
  }
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t mine = heap_.note();
  // Whose write it was: the dead one's, unless that one died while it settled what another had left.
  const std::uint64_t left_by = intent.settling.load(std::memory_order_relaxed);
  const std::uint64_t author = left_by != 0 ? left_by : dead;
  intent.settling.store(author, std::memory_order_release);
  if (dead != 0 || intent.is_armed()) segment.settle_pool(heap_.holder());
  RepairRecord record{.dead = author};
  if (author != 0) {
    look(record, left_by != 0);
  } else {
    // Of the living: whoever dies while it is settled had begun nothing.
    heap_.set_note(Note{}.packed());
    intent.set_note(Note{}.packed());
  }
  // An insert of several is counted where its Transaction is.
  const bool counts = !Note::unpack(heap_.note()).several || stripe_.work[kHome] != 0;
  finish_or_undo(found);
  const auto count = [&](RepairOutcome outcome, std::atomic<std::uint64_t>& counter) {
    if (counts && record.outcome == outcome)
      counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  };
  count(RepairOutcome::finished, stripe_.repairs_finished);
  count(RepairOutcome::undone, stripe_.repairs_undone);
  intent.settling.store(0, std::memory_order_release);
  heap_.set_note(mine);
  intent.set_note(mine);
  if (author == 0) return;  // of the living: a repair, or an end of a write, for which there was no memory
  record.locks = author == dead ? 1 : 0;
  record.took = std::chrono::steady_clock::now() - began;
  record.at = std::chrono::system_clock::now();
  if (dead != 0 && dead != author) {
    found.push_back({.dead = dead,
                     .operation = Operation::repair,
                     .outcome = RepairOutcome::finished,
                     .locks = 1,
                     .took = record.took,
                     .at = record.at});
  }
  found.push_back(std::move(record));
}

// What was under way, before anything of it is repaired, and what will become of it. Of bytes that make no sense it tells nothing:
// whether they can be repaired is not for it to say.
void StripeGuard::look(RepairRecord& record, bool resumed) {
  Note note;
  try {
    note = what_is_left(record, resumed);
  } catch (const Error&) {
    record.keys = 0;
  }
  heap_.set_note(note.packed());
  stripe_.intent.set_note(note.packed());
  if (note.operation == Operation::none) {
    record.keys = 0;  // those that one has left who lives
    return;
  }
  record.operation = note.operation;
  record.outcome = note.phase == Phase::before ? RepairOutcome::undone : RepairOutcome::finished;
  record.key = note.object == 0 ? "" : table_.brief_key(note.object);
  record.keys = std::max<std::uint64_t>(record.keys, note.object == 0 ? 0 : 1);
}

// The note of the last change, with the phase that all of the operation is in. `resumed`: somebody has begun to settle it, and has
// stored that phase.
Note StripeGuard::what_is_left(RepairRecord& record, bool resumed) {
  const shm::Repair change = table_.segment_->state_of(stripe_.intent);
  if (!resumed && !is_busy()) return {};  // what the note says was over
  Note note = Note::unpack(stripe_.intent.note());
  if (note.phase == Phase::itself) note.phase = change == shm::Repair::undone ? Phase::before : Phase::after;
  Offset transaction = stripe_.work[kHome];
  for (Offset next = stripe_.work[kTransaction]; next != 0 && record.keys < kCountedMax; ++record.keys) {
    const auto& pending = this->record<Pending>(next, "a pending object");
    if (transaction == 0) transaction = pending.transaction;
    if (note.object == 0) note.object = slot_offset(pending.new_slot);
    next = pending.next;
  }
  if (transaction != 0) {
    const auto& commit = this->record<Transaction>(transaction, "a transaction").committed;
    note.phase = commit.load(std::memory_order_acquire) != 0 ? Phase::after : Phase::before;
    note.several = true;
  }
  return note;
}

void StripeGuard::finish_or_undo(RepairRecords& found) {
  const shm::Segment& segment = *table_.segment_;
  segment.settle_intent(stripe_.intent);
  retire_detached_for_now();
  if (stripe_.work[kSweep] != 0) sweep();
  if (stripe_.work[kTransaction] != 0) resolve_transaction();
  if (const Offset home = stripe_.work[kHome]; home != 0) {
    // The commit word must outlive its last Pending: those of higher stripes are resolved by whoever locks them.
    const std::uint64_t stripes = record<Transaction>(home, "a transaction").stripes;
    for (std::uint32_t other = index_ + 1; other < segment.stripe_count(); ++other) {
      if ((stripes >> other & 1) != 0) StripeGuard(table_, other, heap_.holder(), {}, &found);
    }
    leave_home();
  }
}

// The text of the key of an object, or a group of objects, at an offset of which nothing is known; empty where there is none. That is no
// damage: a note outlives what it names, and a group may have no member yet.
std::string Table::brief_key(Offset offset) try {
  const auto word_at = [&](Offset place) { return segment_->word(place).load(std::memory_order_relaxed); };
  const auto holds = [&](Offset place, std::uint64_t bytes) {
    return place % shm::kBlockAlignBytes == 0 && segment_->contains(place, bytes);
  };
  if (holds(offset, sizeof(Group) + 8) && (word_at(offset) & 0xFF) == kGroupByte)
    offset = slot_offset(word_at(offset + sizeof(Group)));
  if (!holds(offset, 8)) return {};
  const std::uint64_t root = word_at(offset);
  const std::uint64_t words = stored_words(root);
  if (!term::is_kind(root, term::Kind::tuple) || stored_arity(root) < stored_keypos_ || words <= stored_arity(root) ||
      words > kStoredWordsMax || !holds(offset, words * 8))
    return {};
  const std::uint64_t key = word_at(offset + stored_keypos_ * 8);
  if (term::is_small(key)) return std::to_string(term::small_value(key));
  if (words > kProvenWordsMax) return {};
  const std::vector<std::uint64_t> copy = object_at(offset);
  if (copy.size() <= stored_keypos_) return {};
  return term::to_brief_string({copy.data(), copy[stored_keypos_], &dictionary_}, RepairRecord::kKeyBytesMax);
} catch (const Error&) {
  return {};
}

}  // namespace heirloom::table
