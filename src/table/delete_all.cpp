// SPDX-License-Identifier: Apache-2.0
//
// delete_all_objects: one store replaces the root by an empty one. What the old root holds is the table's *grave*: nobody
// finds it any more, and it is retired bucket by bucket. If the one who deleted dies meanwhile, those who write later do the
// rest, a few buckets each.
#include <algorithm>
#include <cstring>
#include <limits>

#include "shm/reserve.hpp"
#include "table/chain.hpp"
#include "table/tree_writer.hpp"

namespace heirloom::table {

namespace {

constexpr std::uint32_t kBucketsAWrite = 4;

}  // namespace

std::vector<std::unique_ptr<StripeGuard>> Table::lock_all(shm::Holder holder, Operation operation) {
  std::vector<std::unique_ptr<StripeGuard>> guards;
  for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
    guards.push_back(std::make_unique<StripeGuard>(*this, stripe, holder, Write{.operation = operation}));
  }
  return guards;
}

std::uint64_t Table::delete_all_objects(Pid caller) {
  const shm::Holder me = prepare_write(caller, Operation::delete_all_objects);
  const auto guards = lock_all(me, Operation::delete_all_objects);
  check_access(caller, true);
  const shm::Waiting waiting(true);
  const auto empty_grave = [&] {
    if (header_.grave.load(std::memory_order_relaxed) == 0) return;
    for (auto guard = guards.rbegin(); guard != guards.rend(); ++guard) {
      while ((*guard)->drain(head_at(header_.grave.load(std::memory_order_relaxed), (*guard)->index()),
                             std::numeric_limits<std::uint32_t>::max())) {
      }
    }
    guards.front()->close_grave();
  };
  empty_grave();                         // there is one at most
  const std::uint64_t objects = size();  // nobody adds or removes any
  guards.front()->replace_root();
  for (const auto& guard : guards) guard->happened();
  try {
    empty_grave();
    for (const auto& guard : guards) guard->give_back_all_memory();
  } catch (const Error& error) {
    if (!shm::is_shortage(error)) throw;  // a stopped reader: the objects are gone, their memory follows later
  }
  return objects;
}

// A part of the grave, by the way of another write. Stripe 0 closes it when all stripes are drained, under the locks of all:
// so whoever holds the lock of any stripe finds the grave as it was when it looked, and no unfinished change of a dead writer
// names a word of a grave that is gone.
void Table::bury(StripeGuard& guard) try {
  const Offset grave = header_.grave.load(std::memory_order_relaxed);
  guard.drain(head_at(grave, guard.index()), kBucketsAWrite);
  if (guard.index() != 0) return;
  const auto drained = [&] {
    for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
      if (!head_at(grave, stripe).empty_grave()) return false;
    }
    return true;
  };
  if (!drained()) return;
  std::vector<std::unique_ptr<StripeGuard>> others;
  for (std::uint32_t stripe = 1; stripe < segment_->stripe_count(); ++stripe) {
    others.push_back(std::make_unique<StripeGuard>(*this, stripe, guard.heap_.holder(), guard.write()));
  }
  if (drained()) guard.close_grave();
} catch (const Error& error) {
  if (!shm::is_shortage(error)) throw;  // not the concern of the write that came by
}

void StripeGuard::replace_root() {
  const shm::SizeClass size_class = shm::class_of(sizeof(IndexHead) * table_.segment_->stripe_count());
  {
    const shm::Reserve reserve;  // a full table is where all objects are deleted
    heap_.prepare_allocate(size_class);
  }
  shm::Change change = this->change();
  const Offset root = heap_.allocate(change, size_class);
  std::memset(table_.segment_->base() + root, 0, shm::class_bytes(size_class));
  TableHeader& header = table_.header_;
  is_it(change, 0);
  change.publish(at(header.root), root);
  change.store(at(header.grave), header.root.load(std::memory_order_relaxed));
  change.commit();
}

// Of stripe 0, which owns the roots; all heads are drained.
void StripeGuard::close_grave() {
  const shm::SizeClass size_class = shm::class_of(sizeof(IndexHead) * table_.segment_->stripe_count());
  heap_.prepare_retire(size_class);
  shm::Change change = this->change();
  const Offset grave = table_.header_.grave.load(std::memory_order_relaxed);
  change.publish(at(table_.header_.grave), 0);
  heap_.retire(change, size_class, grave);
  change.commit();
}

bool StripeGuard::drain(IndexHead& head, std::uint32_t buckets) {
  if (head.empty_grave()) return false;
  if (table_.is_ordered()) return TreeWriter(table_, *this).drain(head, buckets);
  forget_unborn_bucket(head);
  for (; buckets != 0; --buckets) {
    const std::uint64_t shape = head.shape.load(std::memory_order_relaxed);
    if (shape_buckets(shape) == 0) break;
    const std::uint32_t number = table_.buckets_of(head, shape) - 1;
    Bucket& last = bucket(head, number);
    drain_bucket(last);
    shm::Change change = this->change();
    change.publish(at(head.shape), next_shape(shape, number));
    change.commit();
  }
  if (shape_buckets(head.shape.load(std::memory_order_relaxed)) != 0) return true;
  drain_directory(head);
  return false;
}

// What a split cut short left in the bucket after the last: before another one becomes the bucket after the last, since
// nobody knows of it then (layout.hpp T2).
void StripeGuard::forget_unborn_bucket(IndexHead& head) {
  const auto [directory, room] = table_.directory_of(head);
  const std::uint32_t number = shape_buckets(head.shape.load(std::memory_order_relaxed));
  const std::uint32_t chunk = chunk_of(number).chunk;
  const std::uint64_t retired = head.retired.load(std::memory_order_relaxed);
  if (directory == 0 || chunk + retired >= room) return;
  if (table_.segment_->word(directory + chunk * 8).load(std::memory_order_relaxed) == 0) return;
  reset_bucket(bucket(head, number));
}

void StripeGuard::drain_slots(Bucket& bucket) {
  retire_detached();
  for (auto& slot_word : bucket.slots) drain_slot(slot_word);
}

void StripeGuard::drain_slot(std::atomic<std::uint64_t>& slot_word) {
  const std::uint64_t slot = slot_word.load(std::memory_order_relaxed);
  if (slot == 0) return;
  if (is_group(slot)) {
    shm::Change change = this->change();
    change.publish(at(slot_word), 0);
    change.store(work_offset(kDetached), slot_offset(slot));
    change.commit();
    return retire_detached();
  }
  const StoredObject dead = object(slot);
  heap_.prepare_retire(dead.size_class());
  shm::Change change = this->change();
  change.publish(at(slot_word), 0);
  retire(change, dead);
  change.commit();
}

void StripeGuard::drain_bucket(Bucket& bucket) {
  for (Chain chain;;) {
    drain_slots(bucket);
    const Offset overflow = bucket.overflow.load(std::memory_order_relaxed);
    if (overflow == 0) return;
    Bucket& next = chain.next(*table_.segment_, overflow);
    drain_slots(next);
    heap_.prepare_retire(kBucketClass);
    shm::Change change = this->change();
    change.publish(at(bucket.overflow), next.overflow.load(std::memory_order_relaxed));
    heap_.retire(change, kBucketClass, overflow);
    change.commit();
  }
}

// The chunks, from the last to the first, then the directory itself. Their words stay, for readers with the old root.
void StripeGuard::drain_directory(IndexHead& head) {
  const auto [directory, room] = table_.directory_of(head);
  for (std::uint64_t retired = head.retired.load(std::memory_order_relaxed); retired <= room; ++retired) {
    const std::uint64_t chunk = room - retired - 1;
    const bool last = retired == room;
    const Offset offset =
        last ? directory : table_.segment_->word(directory + chunk * 8).load(std::memory_order_relaxed);
    const std::uint32_t buckets = last || offset == 0 ? 0 : chunk_buckets(static_cast<std::uint32_t>(chunk));
    for (std::uint32_t i = 0; i < buckets; ++i) {
      reset_bucket(record<Bucket>(offset + i * sizeof(Bucket), "a bucket"));
    }
    const shm::SizeClass size_class = shm::class_of(last ? room * 8 : buckets == 0 ? 8 : buckets * sizeof(Bucket));
    if (offset != 0) heap_.prepare_retire(size_class);
    shm::Change change = this->change();
    change.publish(at(head.retired), retired + 1);
    if (offset != 0) heap_.retire(change, size_class, offset);
    change.commit();
  }
}

}  // namespace heirloom::table
