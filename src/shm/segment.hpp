// SPDX-License-Identifier: Apache-2.0
//
// Segment: the file in shared memory that holds one table, mapped at its greatest size from the start, so that it grows
// without moving. Knows blocks, locks and intents; what they mean belongs to src/table.
//
// Layout (docs/memory-layout.md has the picture)
//   0           SegmentHeader: identity; page pool; dictionary; 2048 bytes of the table's own
//   stripes     Stripe, one for each lock: the lock, its intent record, its heap
//   dictionary  address space for the dictionary of atoms, given memory as it grows
//   page map    8 bytes for each page of 4 KiB: of the first page of a run, which stripe and size class have it
//   pages       runs of pages, cut into blocks of one size class
//
// Invariants
//   S1  The version word is stored last: a file with a version is whole. A file without one is the leftover of a death.
//   S2  Bytes are touched only where the file has been given memory: below `pages + pages_in_file * 4096`, and below the
//       memory given to page map and dictionary.
//   S3  The page map describes the pages below `pages_used` as consecutive runs.
//
// Death: growing the file is followed by one store of its new size; a death between them leaves memory that the next
// growth finds already given. A death during creation leaves a file of another name (see TableFile), never half a segment.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"
#include "os/mapping.hpp"
#include "shm/intent.hpp"
#include "shm/node_file.hpp"
#include "shm/offset.hpp"
#include "shm/size_class.hpp"
#include "shm/stripe_lock.hpp"

namespace heirloom::shm {

// The blocks of one size class that belong to one stripe. Free and retired blocks are listed in magazines (heap.hpp).
struct ClassHeap {
  std::uint64_t bump_next;        // blocks from here ...
  std::uint64_t bump_end;         // ... to here were never used
  std::uint64_t free_magazines;   // list; the first one is popped from
  std::uint64_t retire_magazine;  // being filled
  std::uint64_t sealed_first;     // queue of full ones, oldest first, waiting for readers
  std::uint64_t sealed_last;
  std::uint64_t sealed_count;
  std::uint64_t free_list;  // free blocks that no magazine lists, each with the offset of the next in its first word
};
static_assert(sizeof(ClassHeap) == kCacheLineBytes);

struct alignas(kCacheLineBytes) Stripe {
  StripeLock lock;
  std::atomic<std::uint64_t> repairs_finished;
  std::atomic<std::uint64_t> repairs_undone;
  std::uint64_t spare_magazines;  // list of empty ones
  std::uint64_t work[4];          // of the table: work under way that spans several changes; see table/*.hpp
  Intent intent;
  ClassHeap classes[kSizeClasses];
};
static_assert(sizeof(Stripe) == 64 + 512 + kSizeClasses * 64);

struct SegmentHeader {
  char magic[8];
  std::atomic<std::uint32_t> version;
  std::uint32_t fingerprint;             // of the sizes in this header: programs built differently refuse each other
  std::atomic<std::uint64_t> max_bytes;  // of pages; changed while the table lives
  std::uint32_t stripe_count;
  std::uint32_t reserved;
  Offset stripes;
  Offset dictionary;
  std::uint64_t dictionary_bytes_max;
  Offset page_map;
  Offset pages;
  std::uint64_t page_count_max;  // for which there is address space

  alignas(kCacheLineBytes) StripeLock dictionary_lock;
  std::atomic<std::uint64_t> dictionary_bytes;        // published: entries below are whole
  std::atomic<std::uint64_t> dictionary_bytes_given;  // S2

  alignas(kCacheLineBytes) StripeLock pool_lock;
  std::atomic<std::uint64_t> pages_used;
  std::atomic<std::uint64_t> pages_in_file;         // S2
  std::atomic<std::uint64_t> page_map_bytes_given;  // S2
  alignas(kCacheLineBytes) Intent pool_intent;

  alignas(2048) std::byte table[2048];
};
static_assert(sizeof(SegmentHeader) == kPageBytes);

struct SegmentSpec {
  std::uint64_t max_bytes;
  std::uint64_t max_bytes_limit;  // for how many bytes of pages address space is set aside; at least max_bytes
  std::uint32_t stripe_count;     // a power of two, 2 .. 1024
};

class Segment {
 public:
  // Makes a whole segment in a file of that name, which must not exist; `fill` writes the table's part of the header.
  static Status create(int directory, const std::string& name, const SegmentSpec& spec,
                       const std::function<void(std::byte* table)>& fill);
  // Errors: not_found, layout, corrupt (what does not fit).
  static Result<std::unique_ptr<Segment>> open(int directory, const std::string& name);

  [[nodiscard]] Base base() const noexcept { return mapping_.base(); }
  [[nodiscard]] SegmentHeader& header() const noexcept { return *reinterpret_cast<SegmentHeader*>(base()); }
  [[nodiscard]] Stripe& stripe(std::uint32_t index) const noexcept { return stripes_[index]; }
  [[nodiscard]] std::uint32_t stripe_count() const noexcept { return stripe_count_; }
  [[nodiscard]] std::atomic<std::uint64_t>& word(Offset offset) const noexcept { return word_at(base(), offset); }
  [[nodiscard]] Offset offset_of(const void* address) const noexcept {
    return static_cast<Offset>(static_cast<const std::byte*>(address) - base());
  }

  // Whether the bytes lie in pages that are in use: the test before an offset that shared memory gave is followed.
  [[nodiscard]] bool contains(Offset offset, std::uint64_t bytes) const noexcept {
    return window().contains(offset, bytes);
  }
  // The record at an offset that shared memory gave; throws Error{corrupt} where there can be none.
  template <typename Record>
  [[nodiscard]] Record& at(Offset offset, const char* what) const {
    return window().at<Record>(offset, what);
  }

  // What is known to be in use, looked at once: for a read that follows several offsets.
  class Window {
   public:
    explicit Window(const Segment& segment) noexcept
        : segment_(segment),
          base_(segment.base()),
          pages_(segment.pages_),
          end_(segment.known_end_.load(std::memory_order_relaxed)) {}
    template <typename Record>
    [[nodiscard]] Record& at(Offset offset, const char* what) const {
      // Pages are in use as a whole, and what is as long as it is aligned lies in one.
      constexpr bool kInOnePage = sizeof(Record) == alignof(Record) && sizeof(Record) <= kPageBytes;
      const bool known = kInOnePage ? offset - pages_ < end_ - pages_ : inside(offset, sizeof(Record));
      if ((!known && !segment_.contains_slow(offset, sizeof(Record))) || offset % alignof(Record) != 0) [[unlikely]]
        refuse(offset, what);
      return *reinterpret_cast<Record*>(base_ + offset);
    }
    [[nodiscard]] bool contains(Offset offset, std::uint64_t bytes) const noexcept {
      return inside(offset, bytes) || segment_.contains_slow(offset, bytes);
    }
    [[nodiscard]] const Segment& segment() const noexcept { return segment_; }

   private:
    [[nodiscard]] bool inside(Offset offset, std::uint64_t bytes) const noexcept {
      return offset >= pages_ && bytes <= end_ - pages_ && offset <= end_ - bytes;
    }
    const Segment& segment_;
    Base base_;
    Offset pages_;
    Offset end_;
  };
  [[nodiscard]] Window window() const noexcept { return Window(*this); }

  [[nodiscard]] std::uint64_t max_bytes() const noexcept { return header().max_bytes.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t max_bytes_limit() const noexcept { return header().page_count_max * kPageBytes; }
  // Up to max_bytes_limit(). Pages that are in the file stay.
  void set_max_bytes(std::uint64_t bytes) noexcept { header().max_bytes.store(bytes, std::memory_order_relaxed); }

  // Asks the processor for the line in which a block begins, and the next one if little of it is in that: the block is likely to be
  // read soon. Whatever the offset is, nothing happens.
  void prefetch(Offset offset) const noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(base()) + offset;  // not looked at yet: a number
    __builtin_prefetch(reinterpret_cast<const void*>(address));
    if (offset % kCacheLineBytes > kCacheLineBytes / 2)
      __builtin_prefetch(reinterpret_cast<const void*>(address + kCacheLineBytes));
  }

  // One past the last offset that may be touched.
  [[nodiscard]] std::uint64_t end() const noexcept;
  // Bytes of memory that the segment has been given.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

  // Gives the dictionary memory up to `bytes`. The caller holds the dictionary's lock. Throws Error{full}.
  void grow_dictionary(std::uint64_t bytes);

  // A run of at least `bytes` for one class of one stripe, whose lock the caller holds: sets bump_next and bump_end, which
  // must have met. Throws Error{full}; then nothing has changed.
  void take_run(Holder holder, std::uint32_t stripe, SizeClass size_class, std::uint64_t bytes);

  // Takes and releases the pool's lock, repairing what a dead holder left: comes before any stripe is repaired, since a run
  // may have been on its way to that stripe.
  void settle_pool(Holder holder);
  // Runs `look` while nobody takes a run.
  void with_pool_locked(Holder holder, const std::function<void()>& look);

  // Tests only: take dead holders' locks without repairing what they left.
  void sabotage_repair() noexcept { repairs_ = false; }
  [[nodiscard]] bool repairs() const noexcept { return repairs_; }

  [[noreturn]] static void refuse(Offset offset, const char* what);

 private:
  Segment(os::Fd file, os::Mapping mapping);
  [[nodiscard]] bool contains_slow(Offset offset, std::uint64_t bytes) const noexcept;
  void grow_pages(std::uint64_t pages_needed);
  void give_pages(std::uint64_t next);
  void lock_pool(Holder holder);

  os::Fd file_;
  os::Mapping mapping_;
  Stripe* stripes_;
  std::uint32_t stripe_count_;
  Offset pages_;
  mutable std::atomic<std::uint64_t> known_end_;  // of pages in the file; at least `pages_`
  bool repairs_ = true;
};

}  // namespace heirloom::shm
