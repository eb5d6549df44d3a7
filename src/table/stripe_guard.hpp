// SPDX-License-Identifier: Apache-2.0
//
// StripeGuard: one stripe, locked, repaired if its last holder died, with nothing under way: what every write starts from.
// Its functions are the steps that writes are made of; each is one Change, or prepares one.
#pragma once

#include "table/note.hpp"
#include "table/table.hpp"

namespace heirloom::table {

class StripeGuard {
 public:
  // Takes the lock and finishes what was under way in the stripe. `write` is what its changes will be part of. What it repairs it adds
  // to `found`; or else tells the table's listener.
  StripeGuard(Table& table, std::uint32_t stripe, shm::Holder holder, Write write = {}, RepairRecords* found = nullptr);
  // What came back meanwhile may make it worth while to give memory back to the system (draining.cpp): when objects went. A table
  // that is only inserted into keeps what it was given, as in ETS, though nodes and groups are replaced as they grow.
  ~StripeGuard() {
    if (heap_.draining_due() && objects_went_) [[unlikely]]
      give_back_memory();
    stripe_.lock.release();
  }
  StripeGuard(const StripeGuard&) = delete;
  StripeGuard& operator=(const StripeGuard&) = delete;

  [[nodiscard]] shm::Heap& heap() noexcept { return heap_; }
  [[nodiscard]] shm::Change change() noexcept { return heap_.change(); }
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] Write write() const noexcept {
    const Note note = Note::unpack(heap_.note());
    return {note.operation, note.several};
  }
  [[nodiscard]] std::uint64_t work(Work kind) const noexcept { return stripe_.work[kind]; }
  [[nodiscard]] Offset work_offset(Work kind) const noexcept { return at(stripe_.work[kind]); }
  template <typename Word>
  [[nodiscard]] Offset at(const Word& word) const noexcept {
    return table_.segment_->offset_of(&word);
  }
  template <typename T>
  [[nodiscard]] T& record(Offset offset, const char* what) const {
    return table_.segment_->at<T>(offset, what);
  }

  // The head of this stripe under the present root.
  [[nodiscard]] IndexHead& head();

  // Where a key is, or where it could go.
  struct Place {
    Offset slot = 0;          // of the object's slot, or of an empty one; 0: there is none
    std::uint64_t value = 0;  // the slot word of the object, 0 when the key is absent
    StoredObject object = {};
    Bucket* last = nullptr;  // of the chain
    const Key* key = nullptr;
  };
  [[nodiscard]] Place find(const Key& key);
  [[nodiscard]] StoredObject object(std::uint64_t slot) const { return {table_.segment_->window(), slot_offset(slot)}; }

  // -- what is told of a death --
  // A Change in which the write happens, to the key of this object (or group): the next comer tells so (note.hpp).
  void is_it(shm::Change& change, Offset object) const noexcept { about(change, object, Phase::itself); }
  // One in which it does not, but that has a copy of its key.
  void prepares(shm::Change& change, Offset object) const noexcept { about(change, object, Phase::before); }
  // One of the stripe that has the Transaction: it stands for the whole insert, and is counted as one.
  void is_of_all(shm::Change& change) const noexcept {
    change.set_note(heap_.note() & ~Note{.several = true}.packed());
  }
  // The write has happened; the changes to come only tidy up.
  void happened() noexcept { heap_.set_note(heap_.note() | Note{.phase = Phase::after}.packed()); }

  // -- steps --
  // An empty slot for a key that is absent: `place.slot`, or that of a new overflow bucket or of a hole in a tree.
  void make_room(Place& place);
  // Puts a copy of the object into the place: replaces the one that is there, or adds it.
  void put(const Place& place, const EncodedObject& object);
  // The same, of an object of these elements.
  void put_anew(Place& place, const std::vector<Term>& elements);
  // Copies an object into a new block, as part of a Change for which the class was prepared.
  Offset place_block(shm::Change& change, const EncodedObject& object);
  void remove(const Place& place);
  // As part of a Change for which its class was prepared: an object that nothing leads to any more.
  void retire(shm::Change& change, const StoredObject& object);
  // As part of a Change: so many objects more, or fewer.
  void count(shm::Change& change, std::int64_t more);
  // As part of a Change: so many objects more once the transaction is committed.
  void count_when_committed(shm::Change& change, std::uint64_t more, Offset transaction);
  // -- steps of a bag, of a key that has objects (group.hpp) --
  // One more object, unless a bag has it already.
  void add(const Place& place, const EncodedObject& object);
  // Before a Change: a group for so many members, and a block of another class. Returns the group's room.
  std::uint64_t prepare_group(std::uint64_t members, shm::SizeClass other);
  // In it: the group, with the members that are there.
  Offset place_group(shm::Change& change, std::span<const std::uint64_t> members, std::uint64_t room);
  [[nodiscard]] std::vector<std::uint64_t> words_of(const Place& place) const;
  // Behind the last member of a group that has room. `counted`: readers see the group already.
  void append(Group& group, const EncodedObject& object, bool counted);
  // All copies of this one.
  void remove_object(const Place& place, const TermView& object);
  // One of the objects of a key by another: as many words are copied as there are objects.
  void replace_member(const Place& place, std::uint64_t index, const EncodedObject& object);
  // Those of the objects of a key that go, by their index, in one step. Returns how many.
  std::uint64_t remove_members(const Place& place, const std::function<bool(std::uint64_t index)>& goes);
  // Adds to the counter at a position without a copy of the object, and returns the sum; nothing where that cannot be done.
  std::optional<std::int64_t> count_in_place(StoredObject object, std::int64_t position, std::int64_t increment);
  // Adds buckets until there are enough for the keys that are there, after a write; or as many as there is memory for, since a table with
  // too few is only slower.
  void grow();
  // The same for so many keys, before one.
  void grow_to(IndexHead& head, std::uint64_t keys);
  [[nodiscard]] std::uint64_t keys(const IndexHead& head) const noexcept;
  [[nodiscard]] static std::uint64_t keys_of_buckets(const IndexHead& head) noexcept;  // for which there are enough

  // Retires everything that a replaced head still holds, a few buckets or leaves at a time; false when it is empty.
  bool drain(IndexHead& head, std::uint32_t buckets);
  // Retires what a slot of it leads to, if there is something.
  void drain_slot(std::atomic<std::uint64_t>& slot_word);

  [[nodiscard]] Bucket& bucket(const IndexHead& head, std::uint32_t number) const;

  // Moves what lives among many free blocks, and gives their memory back: some of it; or all that can be, which takes as long as the
  // stripe is large, and returns the pages.
  void give_back_memory() noexcept;
  std::uint64_t give_back_all_memory();

 private:
  friend class Table;
  [[nodiscard]] bool is_group(std::uint64_t slot) const {
    return table_.is_bag() && Members(table_.segment_->window(), slot).is_group();
  }
  void move_block(Offset block, shm::SizeClass size_class);
  [[nodiscard]] Offset word_that_leads_to(Offset block, shm::SizeClass size_class);
  [[nodiscard]] Offset word_in_tree(const Key& key, Offset block) const;
  void shrink(const Key& key);
  void take_back(const Members& members, std::uint64_t before);
  void remove_group(const Place& place, const Members& members);
  void remove_some(const Place& place, const Members& members, std::span<std::uint64_t> kept,
                   std::span<const std::uint64_t> gone);
  void retire_detached();
  void retire_detached_for_now();
  void about(shm::Change& change, Offset object, Phase phase) const noexcept {
    change.set_note(heap_.note() | Note{.phase = phase, .object = object}.packed());
  }
  [[nodiscard]] bool is_busy() const noexcept {
    return (stripe_.work[kSweep] | stripe_.work[kTransaction] | stripe_.work[kHome] | stripe_.work[kDetached] |
            (stripe_.intent.armed.load(std::memory_order_relaxed) & shm::kArmedMask)) != 0;
  }
  // Out of the way of all the writes that find nothing to settle.
  [[gnu::noinline, gnu::cold]] void settle_first(std::uint64_t dead, RepairRecords* found);
  void settle(std::uint64_t dead, RepairRecords& found);
  void finish_or_undo(RepairRecords& found);
  void look(RepairRecord& record, bool resumed);
  [[nodiscard]] Note what_is_left(RepairRecord& record, bool resumed);
  void sweep();
  void resolve_transaction();
  void leave_home();
  bool unlink(Bucket& before, Bucket& empty);
  void make_root();
  void add_first_bucket(IndexHead& head);
  void split(IndexHead& head);
  void reset_bucket(Bucket& bucket);
  void replace_root();
  void close_grave();
  void forget_unborn_bucket(IndexHead& head);
  void drain_bucket(Bucket& bucket);
  void drain_slots(Bucket& bucket);
  [[nodiscard]] Offset slot_of(const Pending& pending);
  void drain_directory(IndexHead& head);
  void copy_moving_slots(Bucket& from, std::uint32_t bit, Bucket& to);
  Offset make_overflow(Bucket& last);
  [[nodiscard]] Offset empty_slot(const Bucket& bucket) const;
  void ensure_chunk(IndexHead& head, std::uint32_t number);
  [[nodiscard]] bool moves(std::uint64_t slot, std::uint32_t bit) const;

  Table& table_;
  std::uint32_t index_;
  shm::Stripe& stripe_;
  shm::Heap heap_;
  bool objects_went_ = false;

  friend class ManyInsert;
  friend class Checker;
};

}  // namespace heirloom::table
