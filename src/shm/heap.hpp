// SPDX-License-Identifier: Apache-2.0
//
// Heap: the blocks of one stripe. Allocating and retiring are words of a Change, so that they happen with the write that
// needs them, or not at all.
//
// Free and retired blocks are listed in *magazines*: blocks of 256 bytes with room for 28 offsets. A magazine fills up with
// blocks that readers may still be in; full, it is sealed with the epoch of then and queued; once no reader can be in that
// epoch it becomes, as it is, a list of free blocks, and is popped empty. So blocks move 28 at a time, and neither free nor
// retired blocks are written.
//
// Layout of a magazine: next (offset) | epoch | count | size class | 28 offsets.
//
// Invariants
//   H1  Every block of a run is in exactly one place: reachable from the table's root, in one magazine, in [bump_next,
//       bump_end), or itself a magazine that is in one list. `check` proves it.
//   H2  A block in a sealed magazine is used again only when the node's epoch has passed it (read_epoch.hpp).
//   H3  A class that has blocks has a magazine to retire into. When there is no memory for the next one, it is emptied in
//       place: its blocks wait for their readers to leave, and are then listed through their own first words. So deleting
//       needs no memory.
//
// Locking: all of it belongs to the lock of its stripe. Death: every step is one Change.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "shm/intent.hpp"
#include "shm/segment.hpp"

namespace heirloom::shm {

inline constexpr std::uint64_t kMagazineRoom = 28;
struct Magazine {
  std::uint64_t next;
  std::uint64_t epoch;
  std::uint64_t count;
  std::uint64_t size_class;
  std::uint64_t blocks[kMagazineRoom];
};
static_assert(sizeof(Magazine) == 256);
inline constexpr SizeClass kMagazineClass = class_of(sizeof(Magazine));

class Heap {
 public:
  Heap(Segment& segment, Holder holder, std::uint32_t stripe_index) noexcept
      : segment_(segment),
        peers_(*holder.peers),
        token_(holder.token),
        index_(stripe_index),
        stripe_(segment.stripe(stripe_index)) {}

  [[nodiscard]] Holder holder() const noexcept { return {&peers_, token_}; }

  // Before a Change: makes sure that it can allocate `count` blocks of the class, by changes of its own. Throws Error{full}.
  void prepare_allocate(SizeClass size_class, std::uint64_t count = 1) {
    const ClassHeap& heap = classes(size_class);
    if (count == 1 && heap.free_magazines != 0) [[likely]]
      return;
    prepare_allocate_slow(size_class, count);
  }
  // Before a Change: makes sure that it can retire `count` blocks of the class, at most 8.
  void prepare_retire(SizeClass size_class, std::uint64_t count = 1) {
    const ClassHeap& heap = classes(size_class);
    if (heap.retire_magazine != 0 && magazine(heap.retire_magazine).count + count <= room(size_class)) [[likely]]
      return;
    prepare_retire_slow(size_class, count);
  }
  // Before a Change of several blocks: the same for so many of each class. A class may be named twice, and a count may be 0.
  struct Need {
    SizeClass size_class;
    std::uint64_t count;
  };
  void prepare(std::initializer_list<Need> allocate, std::initializer_list<Need> retire);

  // In a Change: a block that nobody else can reach; it is free again unless the Change is committed.
  Offset allocate(Change& change, SizeClass size_class);
  // In a Change: the block is unreachable once it is committed, and its memory is used again after the last reader has left.
  void retire(Change& change, SizeClass size_class, Offset block);

  // Retires nothing more of any class in partly filled magazines: seals them, and frees what no reader is in. For tests, and
  // when memory is short.
  void reclaim_all();

 private:
  [[nodiscard]] ClassHeap& classes(SizeClass size_class) noexcept { return stripe_.classes[size_class]; }
  [[nodiscard]] Magazine& magazine(Offset offset) { return segment_.at<Magazine>(offset, "a magazine"); }
  template <typename Word>
  [[nodiscard]] Offset at(const Word& word) const noexcept {
    return segment_.offset_of(&word);
  }
  // How many blocks of a class are retired before they are sealed: fewer of the large ones.
  static std::uint64_t room(SizeClass size_class) noexcept;

  void prepare_allocate_slow(SizeClass size_class, std::uint64_t count);
  void prepare_retire_slow(SizeClass size_class, std::uint64_t count);
  [[nodiscard]] std::uint64_t available(SizeClass size_class, std::uint64_t enough);
  void take_run(SizeClass size_class, std::uint64_t count);
  void recycle(SizeClass size_class);
  [[nodiscard]] std::uint64_t next_free(Offset block) const;
  void discard_bump(SizeClass size_class);
  void seal(SizeClass size_class);
  bool reclaim(SizeClass size_class, std::uint64_t safe_epoch);

  Segment& segment_;
  Peers& peers_;  // these two are a Holder, in its parts: as a whole it would be stored by halves and loaded at once
  std::uint64_t token_;
  std::uint32_t index_;
  Stripe& stripe_;
  bool reclaiming_ = false;
};

}  // namespace heirloom::shm
