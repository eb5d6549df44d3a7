// SPDX-License-Identifier: Apache-2.0
#include "table/stripe_guard.hpp"

#include <cstring>
#include <exception>

#include "table/chain.hpp"
#include "table/tree_writer.hpp"

namespace heirloom::table {

StripeGuard::StripeGuard(Table& table, std::uint32_t stripe, shm::Holder holder, Write write, RepairRecords* found)
    : table_(table),
      index_(stripe),
      stripe_(table.segment_->stripe(stripe)),
      heap_(*table.segment_, holder, stripe, Note{.operation = write.operation, .several = write.several}.packed()) {
  const std::uint64_t dead = table.segment_->judged([&] { return stripe_.lock.acquire(holder); });
  // Whatever the way that the lock became free: a repair that could not be finished is finished by the next.
  if (dead != 0 || is_busy()) [[unlikely]]
    settle_first(dead, found);
}

void StripeGuard::settle_first(std::uint64_t dead, RepairRecords* found) {
  // A repair that is broken off would be one that nobody knows of: that the holder was dead is told by its lock alone. What the living
  // have left is there for the next one, too.
  const shm::Waiting waiting(dead != 0 || shm::Waiting::waits());
  RepairRecords records;
  std::exception_ptr failure;
  const auto attempt = [&](const auto& step) {
    try {
      step();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  };
  attempt([&] { settle(dead, found != nullptr ? *found : records); });
  // Also where this stripe is not settled to the end, but others were.
  if (!records.empty() && table_.listener_) attempt([&] { table_.listener_(records); });
  if (!failure) return;
  if (!is_busy()) stripe_.intent.settling.store(0, std::memory_order_release);
  stripe_.lock.release();
  std::rethrow_exception(failure);
}

IndexHead& StripeGuard::head() {
  const Offset root = table_.header_.root.load(std::memory_order_relaxed);
  // A write makes the root before it locks a stripe.
  return table_.head_at(root, index_);
}

Bucket& StripeGuard::bucket(const IndexHead& head, std::uint32_t number) const {
  return const_cast<Bucket&>(table_.bucket_for_reading(table_.segment_->window(), head, number));
}

StripeGuard::Place StripeGuard::find(const Key& key) {
  IndexHead& head = this->head();
  Place place;
  place.key = &key;
  if (table_.is_ordered()) {
    const Table::Found found = Tree(table_).find(key);
    if (found.slot_word != nullptr) place.slot = at(*found.slot_word);
    place.value = found.slot;
    place.object = found.object;
    return place;
  }
  std::uint32_t buckets = shape_buckets(head.shape.load(std::memory_order_relaxed));
  if (buckets == 0) {
    if (tally_count(head.objects.load(std::memory_order_relaxed)) != 0)
      table_.segment_->refuse(at(head.shape), "the buckets of a stripe that has objects");
    add_first_bucket(head);
    buckets = 1;
  }
  const std::uint64_t tag = tag_of_hash(key.hash);
  const shm::Segment::Window window = table_.segment_->window();
  place.last = &bucket(head, bucket_of(key.hash, buckets));
  for (Chain chain;;) {
    if (const Table::Found found = table_.find_in(window, *place.last, tag, key); found.slot_word != nullptr) {
      place.slot = at(*found.slot_word);
      place.value = found.slot;
      place.object = found.object;
      return place;
    }
    if (place.slot == 0) place.slot = empty_slot(*place.last);
    const Offset overflow = place.last->overflow.load(std::memory_order_relaxed);
    if (overflow == 0) return place;
    place.last = &chain.next(*table_.segment_, overflow);
  }
}

// The offset of the first empty slot; 0: there is none.
Offset StripeGuard::empty_slot(const Bucket& bucket) const {
  for (const auto& slot_word : bucket.slots) {
    if (slot_word.load(std::memory_order_relaxed) == 0) return at(slot_word);
  }
  return 0;
}

void StripeGuard::make_room(Place& place) {
  if (place.slot != 0) return;
  place.slot = table_.is_ordered() ? TreeWriter(table_, *this).make_hole(*place.key) : make_overflow(*place.last);
}

Offset StripeGuard::make_overflow(Bucket& last) {
  heap_.prepare_allocate(kBucketClass);
  shm::Change change = this->change();
  const Offset offset = heap_.allocate(change, kBucketClass);
  Bucket& fresh = record<Bucket>(offset, "an overflow bucket");
  std::memset(static_cast<void*>(&fresh), 0, sizeof fresh);
  change.publish(at(last.overflow), offset);
  change.commit();
  return at(fresh.slots[0]);
}

Offset StripeGuard::place_block(shm::Change& change, const EncodedObject& object) {
  const Offset offset = heap_.allocate(change, shm::class_of(object.words.size() * 8));
  auto* to = reinterpret_cast<std::uint64_t*>(table_.segment_->base() + offset);
  term::copy_words(to + 1, object.words.data() + 1, object.words.size() - 1);
  to[0] = object.root;
  return offset;
}

void StripeGuard::put(const Place& place, const EncodedObject& object) {
  const shm::SizeClass size_class = shm::class_of(object.words.size() * 8);
  if (place.value != 0) {
    const StoredObject old = place.object;
    heap_.prepare_retire(old.size_class());
    heap_.prepare_allocate(size_class);
    shm::Change change = this->change();
    const Offset block = place_block(change, object);
    is_it(change, block);
    change.publish(place.slot, make_slot(tag_of_hash(object.key.hash), block, false));
    retire(change, old);
    change.commit();
    return;
  }
  IndexHead& head = this->head();
  heap_.prepare_allocate(size_class);
  shm::Change change = this->change();
  const Offset block = place_block(change, object);
  is_it(change, block);
  change.publish(place.slot, make_slot(tag_of_hash(object.key.hash), block, false));
  count(change, 1);
  if (table_.is_bag()) change.store(at(head.keys), head.keys.load(std::memory_order_relaxed) + 1);
  change.commit();
}

void StripeGuard::retire(shm::Change& change, const StoredObject& object) {
  heap_.retire(change, object.size_class(), at(*object.block()));
  objects_went_ = true;
}

void StripeGuard::count(shm::Change& change, std::int64_t more) {
  const IndexHead& head = this->head();
  const std::uint64_t tally = head.objects.load(std::memory_order_relaxed);
  change.store(at(head.objects),
               make_tally(tally_version(tally) + 1, tally_count(tally) + static_cast<std::uint64_t>(more)));
}

void StripeGuard::count_when_committed(shm::Change& change, std::uint64_t more, Offset transaction) {
  const IndexHead& head = this->head();
  const std::uint64_t before = tally_count(head.joining.load(std::memory_order_relaxed));
  const std::uint64_t version = tally_version(head.objects.load(std::memory_order_relaxed));
  change.store(at(head.joining_transaction), transaction);
  change.store(at(head.joining), make_tally(version, before + more));
}

void StripeGuard::remove(const Place& place) {
  if (table_.is_bag()) {
    retire_detached();  // it compares with objects that it left
    const Members members(table_.segment_->window(), place.value);
    if (members.is_group()) return remove_group(place, members);
  }
  const StoredObject old = place.object;
  IndexHead& head = this->head();
  heap_.prepare_retire(old.size_class());
  shm::Change change = this->change();
  is_it(change, at(*old.block()));
  change.publish(place.slot, 0);
  count(change, -1);
  if (table_.is_bag()) change.store(at(head.keys), head.keys.load(std::memory_order_relaxed) - 1);
  retire(change, old);
  change.commit();
  if (table_.is_ordered()) shrink(*place.key);
}

// A tree with too many nodes is only larger.
void StripeGuard::shrink(const Key& key) try {
  happened();
  TreeWriter(table_, *this).shrink(key);
} catch (const Error& error) {
  if (!shm::is_shortage(error)) throw;
}

}  // namespace heirloom::table
