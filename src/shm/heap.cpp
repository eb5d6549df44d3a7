// SPDX-License-Identifier: Apache-2.0
#include "shm/heap.hpp"

#include <algorithm>
#include <atomic>

namespace heirloom::shm {

namespace {

constexpr std::uint64_t kRunBytesMin = 4096;
constexpr std::uint64_t kRunBytesMax = 65536;
constexpr std::uint64_t kRetiredBytesWanted = 65536;  // in one magazine
constexpr std::uint64_t kSealedBeforeReclaim = 4;     // so that a membarrier serves some hundred retired blocks

}  // namespace

std::uint64_t Heap::room(SizeClass size_class) noexcept {
  return std::clamp<std::uint64_t>(kRetiredBytesWanted / class_bytes(size_class), 1, kMagazineRoom);
}

std::uint64_t Heap::available(SizeClass size_class, std::uint64_t enough) {
  const ClassHeap& heap = classes(size_class);
  std::uint64_t count = (heap.bump_end - heap.bump_next) / class_bytes(size_class);
  for (Offset next = heap.free_magazines; next != 0 && count < enough; next = magazine(next).next) {
    count += magazine(next).count;
  }
  return count;
}

Offset Heap::allocate(Change& change, SizeClass size_class) {
  const ClassHeap& heap = classes(size_class);
  if (const Offset first = change.load(at(heap.free_magazines)); first != 0) {
    Magazine& full = magazine(first);
    const std::uint64_t count = change.load(at(full.count));
    HEIRLOOM_ASSERT(count >= 1 && count <= kMagazineRoom, "heap.hpp: a free magazine in the list is never empty");
    const Offset block = full.blocks[count - 1];
    change.store(at(full.count), count - 1);
    if (count == 1) {
      change.store(at(heap.free_magazines), full.next);
      change.store(at(full.next), change.load(at(stripe_.spare_magazines)));
      change.store(at(stripe_.spare_magazines), first);
    }
    return block;
  }
  const Offset block = change.load(at(heap.bump_next));
  HEIRLOOM_ASSERT(block < heap.bump_end, "heap.hpp: prepare_allocate() comes before allocate()");
  change.store(at(heap.bump_next), block + class_bytes(size_class));
  return block;
}

void Heap::retire(Change& change, SizeClass size_class, Offset block) {
  Magazine& filling = magazine(classes(size_class).retire_magazine);
  const std::uint64_t count = change.load(at(filling.count));
  HEIRLOOM_ASSERT(count < kMagazineRoom, "heap.hpp: prepare_retire() comes before retire()");
  change.store(at(filling.blocks[count]), block);
  change.store(at(filling.count), count + 1);
}

void Heap::prepare_allocate_slow(SizeClass size_class, std::uint64_t count) {
  if (available(size_class, count) >= count) return;
  const Peers& peers = *holder_.peers;
  while (reclaim(size_class, peers.safe_epoch())) {
    if (available(size_class, count) >= count) return;
  }
  while (available(size_class, count) < count) {
    discard_bump(size_class);
    take_run(size_class);
  }
}

// Blocks left over from a run that is too short for a change of several: they come back through the magazines.
void Heap::discard_bump(SizeClass size_class) {
  ClassHeap& heap = classes(size_class);
  while (heap.bump_next < heap.bump_end) {
    prepare_retire(size_class);
    // A magazine may have been cut from this very run.
    if (heap.bump_next == heap.bump_end) return;
    Change change(stripe_.intent, segment_.base());
    change.publish(at(heap.bump_next), heap.bump_next + class_bytes(size_class));
    retire(change, size_class, heap.bump_next);
    change.commit();
  }
}

void Heap::take_run(SizeClass size_class) {
  const std::uint64_t bytes = class_bytes(size_class);
  const std::uint64_t wanted = std::clamp(classes(size_class).run_bytes / 4, kRunBytesMin, kRunBytesMax);
  try {
    segment_.take_run(holder_, index_, size_class, bytes >= wanted ? bytes : wanted);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full) throw;
    // The last reserve: what is retired, if no reader is in it. To reclaim may need a magazine, which is not worth the same
    // again.
    if (reclaiming_) throw;
    reclaiming_ = true;
    try {
      reclaim_all();
    } catch (...) {
      reclaiming_ = false;
      throw;
    }
    reclaiming_ = false;
    if (available(size_class, 1) == 0) throw;
  }
}

void Heap::prepare_retire_slow(SizeClass size_class, std::uint64_t count) {
  ClassHeap& heap = classes(size_class);
  if (heap.retire_magazine != 0) {
    const std::uint64_t held = magazine(heap.retire_magazine).count;
    if (held + count <= room(size_class) || (held == 0 && count <= kMagazineRoom)) return;
  }
  seal(size_class);
  const std::uint64_t limit = room(size_class) == 1 ? 1 : kSealedBeforeReclaim;
  if (heap.sealed_count < limit) return;
  Peers& peers = *holder_.peers;
  if (!reclaim(size_class, peers.safe_epoch()) && heap.sealed_count % limit == 0) {
    const std::uint64_t safe = peers.advance_epoch();
    while (reclaim(size_class, safe)) {
    }
    return;
  }
  while (reclaim(size_class, peers.safe_epoch())) {
  }
}

// Puts an empty magazine in the place of the one being filled, and queues that one.
void Heap::seal(SizeClass size_class) {
  ClassHeap& heap = classes(size_class);
  if (stripe_.spare_magazines == 0) prepare_allocate(kMagazineClass);
  Change change(stripe_.intent, segment_.base());
  Offset fresh = stripe_.spare_magazines;
  if (fresh != 0) {
    change.store(at(stripe_.spare_magazines), magazine(fresh).next);
  } else {
    fresh = allocate(change, kMagazineClass);
  }
  Magazine& empty = magazine(fresh);
  change.store(at(empty.next), 0);
  change.store(at(empty.count), 0);
  change.store(at(empty.size_class), size_class);
  const Offset full = heap.retire_magazine;
  if (full != 0) {
    // After the stores that made its blocks unreachable, before the epoch is read: see read_epoch.hpp.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Magazine& sealed = magazine(full);
    change.store(at(sealed.epoch), holder_.peers->current_epoch());
    change.store(at(sealed.next), 0);
    if (heap.sealed_last != 0) {
      change.store(at(magazine(heap.sealed_last).next), full);
    } else {
      change.store(at(heap.sealed_first), full);
    }
    change.store(at(heap.sealed_last), full);
    change.store(at(heap.sealed_count), heap.sealed_count + 1);
  }
  change.publish(at(heap.retire_magazine), fresh);
  change.commit();
}

// Makes the oldest sealed magazine a free one, if no reader can be in its blocks.
bool Heap::reclaim(SizeClass size_class, std::uint64_t safe_epoch) {
  ClassHeap& heap = classes(size_class);
  const Offset oldest = heap.sealed_first;
  if (oldest == 0) return false;
  Magazine& sealed = magazine(oldest);
  if (sealed.epoch >= safe_epoch) return false;  // H2
  Change change(stripe_.intent, segment_.base());
  change.publish(at(heap.sealed_first), sealed.next);
  if (sealed.next == 0) change.store(at(heap.sealed_last), 0);
  change.store(at(heap.sealed_count), heap.sealed_count - 1);
  if (sealed.count == 0) {
    change.store(at(sealed.next), stripe_.spare_magazines);
    change.store(at(stripe_.spare_magazines), oldest);
  } else {
    change.store(at(sealed.next), heap.free_magazines);
    change.store(at(heap.free_magazines), oldest);
  }
  change.commit();
  return true;
}

void Heap::reclaim_all() {
  for (SizeClass size_class = 0; size_class < kSizeClasses; ++size_class) {
    const Offset filling = classes(size_class).retire_magazine;
    if (filling == 0 || magazine(filling).count == 0) continue;
    try {
      seal(size_class);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;  // no magazine to be had: what is sealed already must do
    }
  }
  const std::uint64_t safe = holder_.peers->advance_epoch();
  for (SizeClass size_class = 0; size_class < kSizeClasses; ++size_class) {
    while (reclaim(size_class, safe)) {
    }
  }
}

}  // namespace heirloom::shm
