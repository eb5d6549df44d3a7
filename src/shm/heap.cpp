// SPDX-License-Identifier: Apache-2.0
#include "shm/heap.hpp"

#include <algorithm>

#include "os/futex.hpp"

namespace heirloom::shm {

namespace {

constexpr std::uint64_t kRunBytesMin = 4096;
constexpr std::uint64_t kRunBytesMax = 65536;
constexpr std::uint64_t kRetiredBytesWanted = 65536;  // in one magazine
constexpr int kLooksForReaders = 1000;
constexpr std::uint64_t kSealedBeforeReclaim = 4;  // so that a membarrier serves some hundred retired blocks

}  // namespace

std::uint64_t Heap::room(SizeClass size_class) noexcept {
  return std::clamp<std::uint64_t>(kRetiredBytesWanted / class_bytes(size_class), 1, kMagazineRoom);
}

// How many blocks of the class lie between bump_next and bump_end.
std::uint64_t Heap::rest_of_run(SizeClass size_class) const {
  const ClassHeap& heap = classes(size_class);
  if (heap.bump_next == heap.bump_end) return 0;
  const std::uint64_t bytes = heap.bump_end - heap.bump_next;
  if (heap.bump_next > heap.bump_end || bytes % class_bytes(size_class) != 0 ||
      heap.bump_next % kBlockAlignBytes != 0 || !segment_.contains(heap.bump_next, bytes))
    segment_.refuse(heap.bump_next, "the rest of a run");
  return bytes / class_bytes(size_class);
}

std::uint64_t Heap::available(SizeClass size_class, std::uint64_t enough) {
  const ClassHeap& heap = classes(size_class);
  std::uint64_t count = rest_of_run(size_class);
  for (Offset next = heap.free_magazines; next != 0 && count < enough; next = magazine(next).next) {
    const std::uint64_t listed = magazine(next).count;
    if (listed < 1 || listed > kMagazineRoom) segment_.refuse(next, "a list of free blocks");
    count += listed;
  }
  return count;
}

std::uint64_t Heap::next_free(Offset block) const { return segment_.at<const std::uint64_t>(block, "a free block"); }

Offset Heap::allocate(Change& change, SizeClass size_class) {
  const ClassHeap& heap = classes(size_class);
  if (const Offset first = change.load(at(heap.free_magazines)); first != 0) {
    Magazine& full = magazine(first);
    const std::uint64_t count = change.load(at(full.count));
    if (count < 1 || count > kMagazineRoom) segment_.refuse(first, "a list of free blocks");
    const Offset block = checked(full.blocks[count - 1], size_class);
    change.store(at(full.count), count - 1);
    if (count == 1) {
      change.store(at(heap.free_magazines), full.next);
      change.store(at(heap.magazines), change.load(at(heap.magazines)) - kFreeMagazine);
      change.store(at(full.next), change.load(at(stripe_.spare_magazines)));
      change.store(at(stripe_.spare_magazines), first);
    }
    return block;
  }
  const Offset block = change.load(at(heap.bump_next));
  if (block >= heap.bump_end) segment_.refuse(block, "the rest of a run");
  change.store(at(heap.bump_next), block + class_bytes(size_class));
  return checked(block, size_class);
}

void Heap::retire(Change& change, SizeClass size_class, Offset block) {
  Magazine& filling = magazine(classes(size_class).retire_magazine);
  const std::uint64_t count = change.load(at(filling.count));
  if (count >= kMagazineRoom) segment_.refuse(at(filling), "a list of retired blocks that is not too long");
  change.store(at(filling.blocks[count]), block);
  change.store(at(filling.count), count + 1);
}

void Heap::prepare_allocate_slow(SizeClass size_class, std::uint64_t count) {
  if (available(size_class, count) >= count) return;
  while (reclaim(size_class, peers_.safe_epoch())) {
    if (available(size_class, count) >= count) return;
  }
  list_in_magazine(size_class);
  if (available(size_class, count) >= count || (count == 1 && unlist(size_class))) return;
  while (available(size_class, count) < count) {
    discard_bump(size_class);
    take_run(size_class, count);
  }
}

// Allocating first, since blocks left over from a run go where retired ones go; but the magazines' own class last, as the others
// may cost some of it.
void Heap::prepare(std::initializer_list<Need> allocate, std::initializer_list<Need> retire) {
  const auto for_each_class = [](std::initializer_list<Need> needs, auto visit) {
    for (const Need* need = needs.begin(); need != needs.end(); ++need) {
      const auto same = [&](const Need& other) { return other.size_class == need->size_class; };
      if (std::any_of(needs.begin(), need, same)) continue;
      std::uint64_t count = 0;
      for (const Need* other = need; other != needs.end(); ++other) count += same(*other) ? other->count : 0;
      if (count != 0) visit(need->size_class, count);
    }
  };
  std::uint64_t magazines = 0;
  for_each_class(allocate, [&](SizeClass size_class, std::uint64_t count) {
    if (size_class == kMagazineClass) {
      magazines = count;
    } else {
      prepare_allocate(size_class, count);
    }
  });
  for_each_class(retire, [&](SizeClass size_class, std::uint64_t count) { prepare_retire(size_class, count); });
  if (magazines != 0) prepare_allocate(kMagazineClass, magazines);
}

// A block that no magazine lists leads to the next by its own first word, which whoever allocates it writes before the Change is
// committed. So it leaves the list first, as if it were the rest of a run. Requires that there is none. False when the list is empty.
bool Heap::unlist(SizeClass size_class) {
  const ClassHeap& heap = classes(size_class);
  if (heap.free_list == 0) return false;
  const Offset block = checked(heap.free_list, size_class);
  Change change = this->change();
  change.publish(at(heap.free_list), next_free(block));
  change.store(at(heap.bump_next), block);
  change.store(at(heap.bump_end), block + class_bytes(size_class));
  change.commit();
  return true;
}

// As many of them as one magazine takes, if there is a spare one by now: into a free one.
void Heap::list_in_magazine(SizeClass size_class) {
  const ClassHeap& heap = classes(size_class);
  const Offset spare = stripe_.spare_magazines;
  if (heap.free_list == 0 || spare == 0) return;
  Magazine& magazine = this->magazine(spare);
  for (std::uint64_t count = 0; count != kMagazineRoom && heap.free_list != 0; ++count) {
    const Offset block = checked(heap.free_list, size_class);
    Change change = this->change();
    change.publish(at(heap.free_list), next_free(block));
    change.store(at(magazine.blocks[count]), block);
    change.store(at(magazine.count), count + 1);
    if (count == 0) {
      change.store(at(stripe_.spare_magazines), magazine.next);
      change.store(at(magazine.next), heap.free_magazines);
      change.store(at(heap.free_magazines), spare);
      change.store(at(heap.magazines), heap.magazines + kFreeMagazine);
    }
    change.commit();
  }
}

// Blocks left over from a run that is too short for a change of several: they come back through the magazines.
void Heap::discard_bump(SizeClass size_class) {
  ClassHeap& heap = classes(size_class);
  while (rest_of_run(size_class) != 0) {
    prepare_retire(size_class);
    // A magazine may have been cut from this very run.
    if (heap.bump_next == heap.bump_end) return;
    Change change = this->change();
    change.publish(at(heap.bump_next), heap.bump_next + class_bytes(size_class));
    retire(change, size_class, heap.bump_next);
    change.commit();
  }
}

// Makes `count` blocks available, by a new run or by what can be reclaimed.
void Heap::take_run(SizeClass size_class, std::uint64_t count) {
  const std::uint64_t bytes = class_bytes(size_class);
  const std::uint64_t a_stripes_share = (segment_.end() - segment_.parts().pages) / segment_.stripe_count();
  const std::uint64_t wanted = std::clamp(a_stripes_share / 8, kRunBytesMin, kRunBytesMax);
  const ClassHeap& heap = classes(size_class);
  try {
    if (heap.retire_magazine == 0 && size_class != kMagazineClass) seal(size_class);  // H3
    segment_.take_run(holder(), index_, size_class, bytes >= wanted ? bytes : wanted);
    if (heap.retire_magazine == 0) seal(size_class);
  } catch (const Error& error) {
    if (!is_shortage(error)) throw;
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
    if (available(size_class, count) < count && !(count == 1 && unlist(size_class))) throw;
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
  if (sealed_magazine_count(heap.magazines) < limit) return;
  if (!reclaim(size_class, peers_.safe_epoch()) && sealed_magazine_count(heap.magazines) % limit == 0) {
    const std::uint64_t safe = peers_.advance_epoch();
    while (reclaim(size_class, safe)) {
    }
    return;
  }
  while (reclaim(size_class, peers_.safe_epoch())) {
  }
}

// Puts an empty magazine in the place of the one being filled, and queues that one.
void Heap::seal(SizeClass size_class) {
  ClassHeap& heap = classes(size_class);
  if (stripe_.spare_magazines == 0) {
    try {
      prepare_allocate(kMagazineClass);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full || heap.retire_magazine == 0) throw;
      return recycle(size_class);
    }
  }
  // To make a magazine available may have sealed this very class.
  if (heap.retire_magazine != 0 && magazine(heap.retire_magazine).count == 0) return;
  Change change = this->change();
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
    Magazine& sealed = magazine(full);
    change.store(at(sealed.epoch), peers_.retirement_epoch());
    change.store(at(sealed.next), 0);
    if (heap.sealed_last != 0) {
      change.store(at(magazine(heap.sealed_last).next), full);
    } else {
      change.store(at(heap.sealed_first), full);
    }
    change.store(at(heap.sealed_last), full);
    change.store(at(heap.magazines), heap.magazines + 1);
  }
  change.publish(at(heap.retire_magazine), fresh);
  change.commit();
}

// The way of seal() without memory for another magazine: waits until no reader is in the blocks of this one, then lists them
// as free through their own first words, each where it belongs. Throws Error{full} when a reader stays too long: a stopped one.
void Heap::recycle(SizeClass size_class) {
  ClassHeap& heap = classes(size_class);
  const std::uint64_t epoch = peers_.retirement_epoch();
  for (int looks = 0; peers_.advance_epoch() <= epoch; ++looks) {
    if (looks == kLooksForReaders || !Waiting::waits()) {
      throw Error(ErrorCode::full, "delete", "there is no memory, and a reader stays in what could be used again");
    }
    os::sleep_briefly();
  }
  Magazine& filled = magazine(heap.retire_magazine);
  while (const std::uint64_t count = filled.count) {
    if (count > kMagazineRoom) segment_.refuse(heap.retire_magazine, "a list of retired blocks that is not too long");
    const Offset block = checked(filled.blocks[count - 1], size_class);
    const std::optional<Run> drained = drained_run_of(block);
    // No reader is in it, and no writer knows it.
    if (!drained) segment_.word(block).store(heap.free_list, std::memory_order_relaxed);
    Change change = this->change();
    change.publish(at(filled.count), count - 1);
    if (drained) {
      due_ = true;
      set_aside(change, *drained, block);
    } else {
      change.store(at(heap.free_list), block);
    }
    change.commit();
  }
}

// Makes the oldest sealed magazine a free one, if no reader can be in its blocks.
bool Heap::reclaim(SizeClass size_class, std::uint64_t safe_epoch) {
  ClassHeap& heap = classes(size_class);
  const Offset oldest = heap.sealed_first;
  if (oldest == 0) return false;
  Magazine& sealed = magazine(oldest);
  if (sealed.epoch >= safe_epoch) return false;  // H2
  if (sealed.count > kMagazineRoom || sealed_magazine_count(heap.magazines) == 0)
    segment_.refuse(oldest, "a list of retired blocks");
  Change change = this->change();
  change.publish(at(heap.sealed_first), sealed.next);
  if (sealed.next == 0) change.store(at(heap.sealed_last), 0);
  if (sealed.count == 0) {
    change.store(at(heap.magazines), heap.magazines - 1);
    change.store(at(sealed.next), stripe_.spare_magazines);
    change.store(at(stripe_.spare_magazines), oldest);
  } else {
    change.store(at(heap.magazines), heap.magazines - 1 + kFreeMagazine);
    change.store(at(sealed.next), heap.free_magazines);
    change.store(at(heap.free_magazines), oldest);
  }
  change.commit();
  came_back(size_class, oldest);
  return true;
}

std::uint64_t Heap::waiting_bytes(const Segment& segment) noexcept {
  std::uint64_t bytes = 0;
  for (std::uint32_t index = 0; index < segment.stripe_count(); ++index) {
    for (SizeClass size_class = 0; size_class < kSizeClasses; ++size_class) {
      const ClassHeap& heap = segment.stripe(index).classes[size_class];
      const std::uint64_t magazines = segment.word(segment.offset_of(&heap.magazines)).load(std::memory_order_relaxed);
      bytes += sealed_magazine_count(magazines) * room(size_class) * class_bytes(size_class);
    }
  }
  return bytes;
}

void Heap::reclaim_all() {
  for (SizeClass size_class = 0; size_class < kSizeClasses; ++size_class) {
    const Offset filling = classes(size_class).retire_magazine;
    if (filling == 0 || magazine(filling).count == 0) continue;
    try {
      seal(size_class);
    } catch (const Error& error) {
      if (!is_shortage(error)) throw;  // no magazine to be had: what is sealed already must do
    }
  }
  const std::uint64_t safe = peers_.advance_epoch();
  for (SizeClass size_class = 0; size_class < kSizeClasses; ++size_class) {
    while (reclaim(size_class, safe)) {
    }
  }
}

}  // namespace heirloom::shm
