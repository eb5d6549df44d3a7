// SPDX-License-Identifier: Apache-2.0
//
// Growth: one bucket at a time. The new bucket is filled while no reader looks at it, then one store of the shape makes it
// part of the table; only then are the moved slots cleared from the bucket that they came from.
//
// A reader with the old shape looks into the old bucket: it finds the object, or finds the slot cleared and then the shape
// changed (T4), and looks again. A slot that it still finds there was read before it was cleared, hence before any later
// write to that key, which waits for this stripe's lock.
//
// Death: before the store of the shape, the new bucket is as good as empty, and is emptied by the next split (T2). After it,
// `sweep` in the stripe's work says which bucket to clear: clearing is idempotent.
#include <bit>
#include <cstring>

#include "table/chain.hpp"
#include "table/stripe_guard.hpp"

namespace heirloom::table {

namespace {

constexpr std::uint64_t kObjectsATwoBuckets =
    7;  // 3.5 a bucket on the average: few overflow, see docs/memory-layout.md
constexpr std::uint64_t kDirectoryRoomFirst = 16;

shm::SizeClass root_class(const shm::Segment& segment) {
  return shm::class_of(sizeof(IndexHead) * segment.stripe_count());
}

}  // namespace

void Table::make_root(shm::Holder holder, Operation operation) {
  StripeGuard guard(*this, 0, holder, {.operation = operation});
  guard.make_root();
}

void StripeGuard::make_root() {
  if (table_.header_.root.load(std::memory_order_acquire) != 0) return;
  const shm::SizeClass size_class = root_class(*table_.segment_);
  heap_.prepare_allocate(size_class);
  shm::Change change = this->change();
  const Offset root = heap_.allocate(change, size_class);
  std::memset(table_.segment_->base() + root, 0, shm::class_bytes(size_class));
  change.publish(at(table_.header_.root), root);
  change.commit();
}

void StripeGuard::ensure_chunk(IndexHead& head, std::uint32_t number) {
  const ChunkPlace place = chunk_of(number);
  const auto [old, room] = table_.directory_of(head);
  if (place.chunk >= room) {
    const std::uint64_t wider = room == 0 ? kDirectoryRoomFirst : room * 2;
    const shm::SizeClass wide_class = shm::class_of(wider * 8);
    const shm::SizeClass old_class = room == 0 ? wide_class : shm::class_of(room * 8);
    if (room != 0) heap_.prepare_retire(old_class);
    heap_.prepare_allocate(wide_class);
    shm::Change change = this->change();
    const Offset directory = heap_.allocate(change, wide_class);
    std::byte* const base = table_.segment_->base();
    std::memset(base + directory, 0, shm::class_bytes(wide_class));
    if (room != 0) std::memcpy(base + directory, base + old, room * 8);
    change.publish(at(head.directory), directory);
    change.store(at(head.directory_room), wider);
    if (room != 0) heap_.retire(change, old_class, old);
    change.commit();
  }
  const Offset entry = head.directory.load(std::memory_order_relaxed) + place.chunk * 8;
  if (table_.segment_->word(entry).load(std::memory_order_relaxed) != 0) return;
  const shm::SizeClass chunk_class = shm::class_of(chunk_buckets(place.chunk) * sizeof(Bucket));
  heap_.prepare_allocate(chunk_class);
  shm::Change change = this->change();
  const Offset chunk = heap_.allocate(change, chunk_class);
  std::memset(table_.segment_->base() + chunk, 0, shm::class_bytes(chunk_class));
  change.publish(entry, chunk);
  change.commit();
}

void StripeGuard::add_first_bucket(IndexHead& head) {
  ensure_chunk(head, 0);
  reset_bucket(bucket(head, 0));
  head.shape.store(next_shape(head.shape.load(std::memory_order_relaxed), 1), std::memory_order_release);
}

// Empties a bucket that no reader looks at: what a split cut short by a death, or by a full table, left there.
void StripeGuard::reset_bucket(Bucket& bucket) {
  Chain chain;
  while (const Offset overflow = bucket.overflow.load(std::memory_order_relaxed)) {
    const Bucket& next = chain.next(*table_.segment_, overflow);
    heap_.prepare_retire(kBucketClass);
    shm::Change change = this->change();
    change.publish(at(bucket.overflow), next.overflow.load(std::memory_order_relaxed));
    heap_.retire(change, kBucketClass, overflow);
    change.commit();
  }
  for (auto& slot : bucket.slots) slot.store(0, std::memory_order_relaxed);
}

// Whether the key of a slot has the bit `bit` in its hash: from its tag where the tag holds it.
bool StripeGuard::moves(std::uint64_t slot, std::uint32_t bit) const {
  const auto position = static_cast<unsigned>(std::countr_zero(bit));
  if (position >= kTagFirstBit && position < kTagFirstBit + kTagBits) {
    return (slot >> (kTagShift + position - kTagFirstBit) & 1) != 0;
  }
  return (table_.hash_of(object(table_.resolve(slot))) & bit) != 0;
}

void StripeGuard::copy_moving_slots(Bucket& from, std::uint32_t bit, Bucket& to) {
  Bucket* target = &to;
  std::size_t used = 0;
  Chain chain;
  for (const Bucket* source = &from;;) {
    for (const auto& slot_word : source->slots) {
      const std::uint64_t slot = slot_word.load(std::memory_order_relaxed);
      if (slot == 0 || !moves(slot, bit)) continue;
      if (used == kSlotsABucket) {
        make_overflow(*target);
        target = &record<Bucket>(target->overflow.load(std::memory_order_relaxed), "an overflow bucket");
        used = 0;
      }
      target->slots[used++].store(slot, std::memory_order_relaxed);
    }
    const Offset overflow = source->overflow.load(std::memory_order_relaxed);
    if (overflow == 0) return;
    source = &chain.next(*table_.segment_, overflow);
  }
}

void StripeGuard::split(IndexHead& head) {
  const std::uint64_t shape = head.shape.load(std::memory_order_relaxed);
  const std::uint32_t number = table_.buckets_of(head, shape);
  const std::uint32_t bit = std::bit_floor(number);
  ensure_chunk(head, number);
  Bucket& fresh = bucket(head, number);
  reset_bucket(fresh);
  copy_moving_slots(bucket(head, number - bit), bit, fresh);
  shm::Change change = this->change();
  change.publish(at(head.shape), next_shape(shape, number + 1));
  change.store(work_offset(kSweep), number - bit + 1);
  change.commit();
  sweep();
}

// Clears the slots that moved into the newest bucket from the one they came from, and lets go of overflow buckets that this
// leaves empty.
void StripeGuard::sweep() {
  IndexHead& head = this->head();
  const std::uint32_t newest = table_.buckets_of(head, head.shape.load(std::memory_order_relaxed)) - 1;
  const std::uint32_t bit = std::bit_floor(newest);
  const std::uint32_t swept = newest - bit;
  if (stripe_.work[kSweep] != swept + std::uint64_t{1})
    table_.segment_->refuse(at(stripe_.work[kSweep]), "the bucket from which the newest one was split");
  Bucket* before = nullptr;
  Bucket* now = &bucket(head, swept);
  for (Chain chain;;) {
    bool empty = true;
    for (auto& slot_word : now->slots) {
      const std::uint64_t slot = slot_word.load(std::memory_order_relaxed);
      if (slot == 0) continue;
      if (moves(slot, bit)) {
        slot_word.store(0, std::memory_order_release);
      } else {
        empty = false;
      }
    }
    const Offset overflow = now->overflow.load(std::memory_order_relaxed);
    if (!empty || before == nullptr || !unlink(*before, *now)) before = now;
    if (overflow == 0) break;
    now = &chain.next(*table_.segment_, overflow);
  }
  std::atomic_ref<std::uint64_t>(stripe_.work[kSweep]).store(0, std::memory_order_release);
}

// False when there is no memory to retire it: an empty overflow bucket does no harm.
bool StripeGuard::unlink(Bucket& before, Bucket& empty) {
  try {
    heap_.prepare_retire(kBucketClass);
  } catch (const Error& error) {
    if (!shm::is_shortage(error)) throw;
    return false;
  }
  shm::Change change = this->change();
  change.publish(at(before.overflow), empty.overflow.load(std::memory_order_relaxed));
  heap_.retire(change, kBucketClass, at(empty));
  change.commit();
  return true;
}

std::uint64_t StripeGuard::keys(const IndexHead& head) const noexcept {
  return table_.is_bag() ? head.keys.load(std::memory_order_relaxed)
                         : tally_count(head.objects.load(std::memory_order_relaxed));
}

std::uint64_t StripeGuard::keys_of_buckets(const IndexHead& head) noexcept {
  return shape_buckets(head.shape.load(std::memory_order_relaxed)) * kObjectsATwoBuckets / 2;
}

void StripeGuard::grow() {
  if (table_.is_ordered()) return;
  IndexHead& head = this->head();
  const std::uint64_t keys = this->keys(head);
  if (keys <= keys_of_buckets(head)) [[likely]]
    return;
  happened();
  grow_to(head, keys);
}

void StripeGuard::grow_to(IndexHead& head, std::uint64_t keys) try {
  const shm::Segment& segment = *table_.segment_;
  if (this->keys(head) > (segment.end() - segment.parts().pages) / shm::kBlockAlignBytes)
    segment.refuse(at(head.objects), "a count of objects for which there is room");
  while (keys > keys_of_buckets(head)) split(head);
} catch (const Error& error) {
  if (!shm::is_shortage(error)) throw;
}

}  // namespace heirloom::table
