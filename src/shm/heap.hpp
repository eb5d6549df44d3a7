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
// Draining: where most blocks of a run are free, the others are moved away, and its pages go back to the pool and their memory to
// the system. The free blocks of a run that is drained are taken out of the lists into one of its own (segment.hpp, Run), from which
// nobody takes any, and those that come back from readers later are put there, too; what is live in it is moved by the table, which
// knows who leads to a block (table/draining.cpp). A run all of whose blocks are in its list is given back. One in which something
// stays is *released*: its blocks return to the lists of all.
//
// Why not a count of free blocks in each run? Each allocation and each retirement would write one more line of memory.
//
// Invariants
//   H1  Every block of a run is in exactly one place: reachable from the table's root, in one magazine, in [bump_next,
//       bump_end), in a list of free blocks, or itself a magazine that is in one list. `check` proves it.
//   H2  A block in a sealed magazine is used again only when the node's epoch has passed it (read_epoch.hpp).
//   H3  A class that has blocks has a magazine to retire into. When there is no memory for the next one, it is emptied in
//       place: its blocks wait for their readers to leave, and are then listed through their own first words. So deleting
//       needs no memory. Such a block is allocated by its way through [bump_next, bump_end).
//   H4  A run whose list has all of its blocks is touched by nobody until it is given back: its memory may be gone already.
//
// Locking: all of it belongs to the lock of its stripe. Death: every step is one Change.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <vector>

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
inline constexpr SizeClass kMagazineClass = node_class_of(sizeof(Magazine));

// What who only tidies up goes without: memory where there is none, or a lock that another thread holds (Waiting).
[[nodiscard]] inline bool is_shortage(const Error& error) noexcept {
  return error.code() == ErrorCode::full || error.code() == ErrorCode::busy;
}

class Heap {
 public:
  Heap(Segment& segment, Holder holder, std::uint32_t stripe_index, std::uint64_t note = 0) noexcept
      : segment_(segment),
        peers_(*holder.peers),
        token_(holder.token),
        note_(note),
        index_(stripe_index),
        stripe_(segment.stripe(stripe_index)) {}

  [[nodiscard]] Holder holder() const noexcept { return {&peers_, token_}; }

  // What the changes of the stripe, the heap's own among them, say that they are part of (intent.hpp).
  [[nodiscard]] std::uint64_t note() const noexcept { return note_; }
  void set_note(std::uint64_t note) noexcept { note_ = note; }
  [[nodiscard]] Change change() const noexcept { return {stripe_.intent, segment_.base(), note_, &segment_}; }

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

  // How many bytes of a segment are retired, sealed, and wait for readers to leave. Read without a lock: of no one moment, and at the
  // most, since a magazine may have been sealed before it was full.
  static std::uint64_t waiting_bytes(const Segment& segment) noexcept;

  // -- draining (drain.cpp) --
  // Whether something has happened since the stripe was locked that draining has to do with.
  [[nodiscard]] bool draining_due() const noexcept { return due_; }
  // Looks for runs to drain in the class of which most came back, or goes on with those that there are: shows each block that the
  // table may have to move to it, gives back what is empty, and releases what did not become so for long.
  using Move = std::function<void(Offset block, SizeClass size_class)>;
  void drain_some(const Move& move);
  // The free blocks of a run that is being drained. Throws Error{corrupt} where its list leads out of it.
  [[nodiscard]] std::vector<Offset> free_blocks(const Run& run) const;
  // Drains all runs of which anything is free, as far as others have room for what lives in them. Returns the pages given back.
  std::uint64_t drain_all(const Move& move);

 private:
  [[nodiscard]] ClassHeap& classes(SizeClass size_class) const noexcept { return stripe_.classes[size_class]; }
  [[nodiscard]] Magazine& magazine(Offset offset) { return segment_.at<Magazine>(offset, "a magazine"); }
  // A block that a list names; throws Error{corrupt} where there can be none.
  [[nodiscard]] Offset checked(Offset block, SizeClass size_class) const {
    if (block % kBlockAlignBytes != 0 || !segment_.contains(block, class_bytes(size_class))) [[unlikely]]
      segment_.refuse(block, "a free block");
    return block;
  }
  [[nodiscard]] std::uint64_t rest_of_run(SizeClass size_class) const;
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
  [[nodiscard]] Offset first_free(const Run& run) const;
  [[nodiscard]] Offset next_free(const Run& run, Offset block) const;
  [[nodiscard]] Offset inside(const Run& run, Offset block) const;
  bool unlist(SizeClass size_class);
  void list_in_magazine(SizeClass size_class);
  void discard_bump(SizeClass size_class);
  void seal(SizeClass size_class);
  bool reclaim(SizeClass size_class, std::uint64_t safe_epoch);

  [[nodiscard]] Segment::Drainage& drainage() noexcept { return segment_.drainage(index_); }
  enum class Share { most, any };
  void came_back(SizeClass size_class, Offset reclaimed);
  void learn_of_drained();
  void know(const Run& run, bool shown);
  bool begin_draining(SizeClass size_class, Share share, std::size_t runs_max);
  void show_blocks(const Move& move);
  [[nodiscard]] std::optional<Run> drained_run_of(Offset block) const;
  void set_aside_listed(SizeClass size_class);
  bool set_aside_of(Offset magazine, Offset link, SizeClass size_class);
  void set_aside(Change& change, const Run& run, Offset block);
  std::uint64_t give_back_empty();
  void release_old(unsigned looks);
  bool release(Offset first);

  Segment& segment_;
  Peers& peers_;  // these two are a Holder, in its parts: as a whole it would be stored by halves and loaded at once
  std::uint64_t token_;
  std::uint64_t note_;
  std::uint32_t index_;
  Stripe& stripe_;
  bool reclaiming_ = false;
  bool due_ = false;
  SizeClass crowded_ = kSizeClasses;  // the last class of which many blocks came back; or none
};

}  // namespace heirloom::shm
