// SPDX-License-Identifier: Apache-2.0
//
// Segment: the file in shared memory that holds one table, mapped at its greatest size from the start, so that it grows
// without moving. Knows blocks, locks and intents; what they mean belongs to src/table.
//
// Layout (docs/memory-layout.md has the picture)
//   0           SegmentHeader: identity; page pool; dictionary; 2048 bytes of the table's own
//   stripes     Stripe, one for each lock: the lock, its intent record, its heap
//   dictionary  address space for the dictionary of atoms, given memory as it grows
//   page map    8 bytes for each page of 4 KiB: of the first page of a run, which stripe and size class have it; see Run
//   pages       runs of pages, cut into blocks of one size class
//
// Invariants
//   S1  The version word is stored last: a file with a version is whole. A file without one is the leftover of a death.
//   S2  Bytes are touched only where the file has been given memory: below `pages + pages_in_file * 4096` but for free runs, and
//       below the memory given to page map and dictionary.
//   S3  The page map describes the pages below `pages_used` as consecutive runs, of stripes or free ones, by the word of the first
//       page of each; those of the others are 0. `pages_free` of them are in free runs.
//
// Damage: whatever a byte of the file is, nothing outside of what the file has is touched, and no assertion is broken: what cannot be
// is refused, in one place (refuse()), which tells whoever listens before it throws.
//
// Death: growing the file is followed by one store of its new size; a death between them leaves memory that the next
// growth finds already given. A free run that was given memory, and not yet to a stripe, is named by `reviving`. A death
// during creation leaves a file of another name (see TableFile), never half a segment.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  std::uint64_t bump_end;         // ... to here are free: the rest of a run, or one that was in free_list
  std::uint64_t free_magazines;   // list; the first one is popped from
  std::uint64_t retire_magazine;  // being filled
  std::uint64_t sealed_first;     // queue of full ones, oldest first, waiting for readers
  std::uint64_t sealed_last;
  std::uint64_t magazines;  // how many are free << 32 | how many are sealed
  std::uint64_t free_list;  // free blocks that no magazine lists, each with the offset of the next in its first word
};
static_assert(sizeof(ClassHeap) == kCacheLineBytes);
inline constexpr std::uint64_t kFreeMagazine = std::uint64_t{1} << 32;
constexpr std::uint64_t free_magazine_count(std::uint64_t magazines) noexcept { return magazines >> 32; }
constexpr std::uint64_t sealed_magazine_count(std::uint64_t magazines) noexcept { return magazines & 0xFFFFFFFF; }

struct alignas(kCacheLineBytes) Stripe {
  StripeLock lock;
  std::atomic<std::uint64_t> repairs_finished;
  std::atomic<std::uint64_t> repairs_undone;
  std::uint64_t spare_magazines;  // list of empty ones
  std::uint64_t work[4];          // of the table: work under way that spans several changes; see table/*.hpp
  std::uint64_t drained;          // runs of it that are being drained (heap.hpp)
  std::uint64_t reserved[7];
  Intent intent;
  ClassHeap classes[kSizeClasses];
};
static_assert(sizeof(Stripe) == 64 + 64 + 512 + kSizeClasses * 64);

struct SegmentHeader {
  char magic[8];
  std::atomic<std::uint32_t> version;
  std::uint32_t fingerprint;             // of the sizes in this header: programs built differently refuse each other
  std::atomic<std::uint64_t> max_bytes;  // of pages; changed while the table lives
  std::uint32_t stripe_count;
  std::uint32_t checksum;  // of the numbers that never change and that the other parts do not prove
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
  std::atomic<std::uint64_t> pages_free;            // S3
  std::atomic<std::uint64_t> reviving;  // pages << 32 | first page, of a free run that may have memory; 0: of none
  std::uint64_t free_from;              // no run before that of this page is free
  alignas(kCacheLineBytes) Intent pool_intent;

  alignas(2048) std::byte table[2048];
};
static_assert(sizeof(SegmentHeader) == kPageBytes);

// A run of pages, as the page map tells of it by the word of its first page:
//   62..45 pages | 44..32 the first free block, by its number | 31..19 free blocks | 18 released | 17 drained | 16..10 class | 9..0 stripe
// The list of free blocks is that of a run that is being drained (heap.hpp); each has the offset of the next in its first word.
struct Run {
  Offset first;
  std::uint64_t pages;
  SizeClass size_class;
  std::uint32_t stripe;
  bool drained = false;
  bool released = false;  // no longer: its blocks are on their way to the lists of all
  std::uint64_t free = 0;
  std::uint64_t free_first = 0;

  static constexpr SizeClass kFree = 127;  // in place of a class: the run is free
  [[nodiscard]] bool is_free() const noexcept { return size_class == kFree; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return pages * kPageBytes; }
  [[nodiscard]] std::uint64_t blocks() const noexcept { return bytes() / class_bytes(size_class); }
  // Drained, and all of its blocks are free.
  [[nodiscard]] bool is_empty() const noexcept { return drained && !released && free == blocks(); }
  [[nodiscard]] Offset block(std::uint64_t number) const noexcept { return first + number * class_bytes(size_class); }
  [[nodiscard]] std::uint64_t number_of(Offset block) const noexcept {
    return (block - first) / class_bytes(size_class);
  }

  [[nodiscard]] constexpr std::uint64_t to_word() const noexcept {
    return pages << 45 | free_first << 32 | free << 19 | std::uint64_t{released} << 18 | std::uint64_t{drained} << 17 |
           std::uint64_t{size_class} << 10 | stripe;
  }
  static constexpr Run from_word(Offset first, std::uint64_t word) noexcept {
    return {.first = first,
            .pages = word >> 45,
            .size_class = static_cast<SizeClass>(word >> 10 & 0x7F),
            .stripe = static_cast<std::uint32_t>(word & 0x3FF),
            .drained = (word >> 17 & 1) != 0,
            .released = (word >> 18 & 1) != 0,
            .free = word >> 19 & 0x1FFF,
            .free_first = word >> 32 & 0x1FFF};
  }
};
static_assert(kSizeClasses <= Run::kFree);

struct SegmentSpec {
  std::uint64_t max_bytes;
  std::uint64_t max_bytes_limit;  // for how many bytes of pages address space is set aside; at least max_bytes
  std::uint32_t stripe_count;     // a power of two, 2 .. 1024
};

inline constexpr std::uint64_t kDictionaryBytesMax = std::uint64_t{64} << 20;

// Where the parts lie, from the two numbers that decide it. Computed here and nowhere else; and compared with the header when a segment is
// opened, which is not asked again: what is written over it later misleads nobody who has it open.
struct SegmentParts {
  Offset stripes;
  Offset dictionary;
  Offset page_map;
  Offset pages;
  std::uint64_t page_count_max;
  std::uint64_t mapped_bytes;

  explicit constexpr SegmentParts(const SegmentSpec& spec)
      : stripes(kPageBytes),
        dictionary(round_up(stripes + spec.stripe_count * sizeof(Stripe), kPageBytes)),
        page_map(dictionary + kDictionaryBytesMax),
        pages(0),
        page_count_max(spec.max_bytes_limit / kPageBytes),
        mapped_bytes(0) {
    pages = round_up(page_map + page_count_max * 8, kPageBytes);
    mapped_bytes = pages + page_count_max * kPageBytes;
  }
  static constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
  }
  // How long a file with so many pages, or with none yet, is at least.
  [[nodiscard]] constexpr std::uint64_t bytes_needed(std::uint64_t pages_in_file,
                                                     std::uint64_t dictionary_bytes_given) const {
    return pages_in_file != 0 ? pages + pages_in_file * kPageBytes : dictionary + dictionary_bytes_given;
  }
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
  [[nodiscard]] const SegmentParts& parts() const noexcept { return parts_; }
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
        segment_.refuse(offset, what);
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
  [[nodiscard]] std::uint64_t max_bytes_limit() const noexcept { return parts_.page_count_max * kPageBytes; }
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
  // Whether the file still has all bytes that its header speaks of. Two system calls; what it says of a file that somebody cuts short
  // may be outdated at once.
  [[nodiscard]] bool is_whole() const noexcept;
  // Whether an intent record may name the word: one of a stripe, of a page in use or of its entry in the page map, or one of the few
  // others that change so.
  [[nodiscard]] bool may_be_stored(Offset word) const noexcept;
  // Bytes of memory that the segment has been given.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

  // Gives the dictionary memory up to `bytes`. The caller holds the dictionary's lock. Throws Error{full}.
  void grow_dictionary(std::uint64_t bytes);

  // A run of at least `bytes` for one class of one stripe, whose lock the caller holds: sets bump_next and bump_end, which
  // must have met. Throws Error{full}; then nothing has changed.
  void take_run(Holder holder, std::uint32_t stripe, SizeClass size_class, std::uint64_t bytes);

  // The run in which a block begins. Throws Error{corrupt} where there is none.
  [[nodiscard]] Run run_of(Offset block) const;
  // That of which this is the first page; nothing where it is none.
  [[nodiscard]] std::optional<Run> run_at(std::uint64_t page) const;
  [[nodiscard]] std::uint64_t page_of(Offset offset) const noexcept { return (offset - pages_) / kPageBytes; }
  // The word of the page map that tells of it.
  [[nodiscard]] Offset word_of(const Run& run) const noexcept { return parts_.page_map + page_of(run.first) * 8; }
  // Makes a run free that is_empty(), and gives its memory back to the system. The caller holds the lock of its stripe.
  void give_back_run(Holder holder, const Run& run);

  // What an intent record of this segment says, and finishing or undoing that; its lock is held.
  [[nodiscard]] Repair state_of(const Intent& intent) const;
  Repair settle_intent(Intent& intent) const;

  // Takes and releases the pool's lock, repairing what a dead holder left: comes before any stripe is repaired, since a run
  // may have been on its way to that stripe.
  void settle_pool(Holder holder);
  // Runs `look` while nobody takes a run.
  void with_pool_locked(Holder holder, const std::function<void()>& look);

  // What this program knows of the draining of a stripe (heap.hpp); belongs to the lock of the stripe.
  struct Drainage {
    struct Known {
      Offset run;
      bool shown;      // each block was shown to the table
      unsigned looks;  // at which it was not empty yet
    };
    std::vector<Known> runs;
    std::uint32_t census_at[kSizeClasses] = {};  // from how many free magazines on it is worth while to look for runs
  };
  [[nodiscard]] Drainage& drainage(std::uint32_t stripe) noexcept { return drainage_[stripe]; }

  // Tests only: take dead holders' locks without repairing what they left.
  void sabotage_repair() noexcept { repairs_ = false; }
  [[nodiscard]] bool repairs() const noexcept { return repairs_; }

  // The bytes are wrong: tells it, and throws Error{corrupt}.
  [[noreturn]] void refuse(Offset offset, const char* what) const;
  [[noreturn]] void refuse(const std::string& operation, const std::string& detail) const;
  // The same for what `judge` refuses, which knows of no segment.
  template <typename Judge>
  auto judged(Judge judge) const -> decltype(judge()) try {
    return judge();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::corrupt) refuse(error.operation(), error.detail());
    throw;
  }
  // Who is told before such an Error is thrown: by any thread, inside an epoch or under locks, so it neither waits nor throws.
  void on_damage(std::function<void(const std::string& what)> tell) { tell_damage_ = std::move(tell); }

 private:
  Segment(os::Fd file, os::Mapping mapping, const SegmentSpec& spec);
  [[nodiscard]] bool contains_slow(Offset offset, std::uint64_t bytes) const noexcept;
  [[nodiscard]] std::uint64_t pages_allowed() const noexcept;
  [[nodiscard]] std::uint64_t pages_with_memory() const noexcept;
  [[nodiscard]] Change pool_change() const noexcept { return {header().pool_intent, base(), 0, this}; }
  void grow_pages(std::uint64_t pages_needed);
  void give_pages(std::uint64_t next);
  void lock_pool(Holder holder);
  void forget_revival();
  struct Taken;
  bool take_free_run(const Taken& taken, std::uint64_t runs_max);
  void take_new_run(const Taken& taken);

  os::Fd file_;
  os::Mapping mapping_;
  SegmentParts parts_;
  Stripe* stripes_;
  std::uint32_t stripe_count_;
  Offset pages_;
  mutable std::atomic<std::uint64_t> known_end_;  // of pages in the file; at least `pages_`
  std::vector<Drainage> drainage_;
  bool repairs_ = true;
  std::function<void(const std::string& what)> tell_damage_;
};

}  // namespace heirloom::shm
