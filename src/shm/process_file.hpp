// SPDX-License-Identifier: Apache-2.0
//
// ProcessFile: what one program shows to the others of its node, in a file of its own, `processes/<number>`: whether it and
// each of its threads lives, and which epoch each thread reads in. Others map it read-only.
//
// Layout
//   0     magic, layout version, number, operating-system pid, started, slot count, life word of the program; its name and clock
//   1024  the beats of its watchdogs
//   4096  thread slots of 128 bytes: life word; epoch (on a cache line of its own: the only word that a read writes)
//
// Invariants
//   P1  A thread slot's life word is held by the thread that the slot was given to, from before its first lock to its end.
//   P2  A slot's epoch is 0, or an epoch that the node had when the thread entered; 0 means that the thread holds no
//       offset of any table.
//   P3  Slots below `slot_count` exist in the file. The count only grows.
//   P4  A slot's incarnation is raised each time it is given to a thread, before that thread holds its life word: so a lock
//       word that names a thread that has ended never names its successor (of the next 65,535).
//
// Death: the kernel marks the life words. Epochs of a dead program count for nothing, whatever they say.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "os/life_word.hpp"
#include "shm/node_file.hpp"

namespace heirloom::shm {

struct alignas(kCacheLineBytes) ThreadSlot {
  os::LifeWord life;
  std::atomic<std::uint32_t> incarnation;  // how many threads have had the slot
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> epoch;
};
static_assert(sizeof(ThreadSlot) == 128 && offsetof(ThreadSlot, epoch) == 64);

// What a thread that is watched says of itself: "look again at me after `deadline`" (of CLOCK_MONOTONIC as its program sees it, in
// nanoseconds).
struct Beat {
  std::atomic<std::uint64_t> deadline;  // 0: it is not watched now
  std::atomic<std::uint64_t> timeout;   // from one beat to its deadline; 0: the beat is nobody's
};
inline constexpr std::uint32_t kBeatsMax = 128;

struct ProcessHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t number;
  std::uint64_t os_pid;                // for people and logs: never a proof of life
  std::atomic<std::uint32_t> started;  // 1 once the life word was held: before, only the lock on the file tells
  std::atomic<std::uint32_t> slot_count;
  os::LifeWord life;
  std::int64_t clock_offset;  // of its CLOCK_MONOTONIC from the machine's, in nanoseconds: not 0 in a time namespace
  char name[16];              // for people: of the program, ends with a 0
  alignas(1024) Beat beats[kBeatsMax];
};
static_assert(offsetof(ProcessHeader, beats) == 1024 && sizeof(ProcessHeader) <= kPageBytes);
static_assert(offsetof(ProcessHeader, clock_offset) == 72 && offsetof(ProcessHeader, name) == 80);

inline constexpr std::uint32_t kThreadsMax = 1 << 16;
inline constexpr std::uint64_t kProcessFileBytesMax = kPageBytes + sizeof(ThreadSlot) * kThreadsMax;

// What a process file shows, where it is mapped.
class ProcessView {
 public:
  explicit ProcessView(const std::byte* base) noexcept : base_(base) {}
  [[nodiscard]] const ProcessHeader& header() const noexcept { return *reinterpret_cast<const ProcessHeader*>(base_); }
  // The index is below slot_count() (P3).
  [[nodiscard]] const ThreadSlot& slot(std::uint32_t index) const noexcept {
    return reinterpret_cast<const ThreadSlot*>(base_ + kPageBytes)[index];
  }
  // At most kThreadsMax, whatever the file says.
  [[nodiscard]] std::uint32_t slot_count() const noexcept;

 private:
  const std::byte* base_;
};

std::string process_file_name(std::uint32_t number);

constexpr std::uint32_t thread_name(std::uint32_t incarnation, std::uint32_t index) noexcept {
  return incarnation << 16 | index;
}
constexpr std::uint32_t slot_of_thread(std::uint32_t name) noexcept { return name & 0xffff; }

// The calling thread's place in a process file.
struct ThreadPlace {
  ThreadSlot* slot = nullptr;
  std::uint32_t name = 0;  // as lock words say it: 16 bits of incarnation, 16 of the slot's index
};

// The place that the calling thread asked for last: what makes asking again cost three instructions.
struct HotPlace {
  std::uint64_t instance = 0;
  ThreadPlace place;
};
inline constinit thread_local HotPlace hot_place;

class ProcessFile {
 public:
  // Takes a program number and makes the file, which only becomes visible whole. Registers the program for membarrier.
  static Result<std::shared_ptr<ProcessFile>> create(int directory, std::shared_ptr<NodeFile> node);
  // Removes the file: the program takes no part in the node any more. Its memory stays mapped until the last thread that holds
  // a life word in it has ended, since the kernel and the C library follow the list of what a thread holds.
  ~ProcessFile();
  ProcessFile(const ProcessFile&) = delete;
  ProcessFile& operator=(const ProcessFile&) = delete;

  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  // On the thread that lives as long as the program has the node open. A program that never does (one that only looks)
  // lives as long as its lock on the file.
  void hold_program_life();
  void release_program_life();

  // A beat for the caller alone, until it sets its deadline, and then its timeout, to 0 again. nullptr: all are taken.
  Beat* take_beat(std::chrono::nanoseconds timeout);

  // The calling thread's slot: its own until it ends. Throws Error{full} or Error{system_limit}.
  ThreadPlace this_thread() {
    if (hot_place.instance == instance_) [[likely]]
      return hot_place.place;
    return find_place();
  }

  [[nodiscard]] const NodeFile& node() const noexcept { return *node_; }

  // What the others see, by this program's own mapping; and what keeps that mapped.
  [[nodiscard]] ProcessView view() const noexcept;
  [[nodiscard]] std::shared_ptr<const void> memory() const noexcept;

 private:
  class Slots;
  struct ThreadPlaces;
  ThreadPlace find_place();
  ProcessFile(int directory, std::shared_ptr<NodeFile> node, std::shared_ptr<Slots> slots, std::uint32_t number);

  int directory_;
  std::shared_ptr<NodeFile> node_;
  std::shared_ptr<Slots> slots_;
  std::uint32_t number_;
  std::uint64_t instance_;  // tells apart files of one program that were opened one after the other
};

}  // namespace heirloom::shm
