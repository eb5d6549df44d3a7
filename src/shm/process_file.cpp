// SPDX-License-Identifier: Apache-2.0
#include "shm/process_file.hpp"

#include <cstring>
#include <unordered_map>
#include <unistd.h>

#include "base/assert.hpp"
#include "os/file.hpp"
#include "os/membarrier.hpp"

namespace heirloom::shm {

namespace {

constexpr char kMagic[8] = {'h', 'e', 'i', 'r', 'p', 'r', 'o', 'c'};
constexpr std::uint32_t kSlotsAPage = kPageBytes / sizeof(ThreadSlot);

// Which process files are open in this program, so that a thread that ends gives back only slots that still exist.
std::mutex live_mutex;
std::unordered_map<std::uint64_t, ProcessFile*> live_files;
std::uint64_t last_instance = 0;

struct HotPlace {
  std::uint64_t instance = 0;
  ThreadPlace place{};
};
constinit thread_local HotPlace hot_place;

}  // namespace

// The slots of one thread, one a node that it uses.
struct ProcessFile::ThreadCache {
  std::unordered_map<std::uint64_t, ThreadPlace> places;
  ~ThreadCache() {
    const std::lock_guard lock(live_mutex);
    for (const auto& [instance, place] : places) {
      if (const auto file = live_files.find(instance); file != live_files.end()) file->second->give_slot_back(place.index);
    }
  }
  static ThreadCache& of_this_thread() {
    static thread_local ThreadCache cache;
    return cache;
  }
};

std::string process_file_name(std::uint32_t number) { return "processes/" + std::to_string(number); }

ProcessFile::ProcessFile(int directory, std::shared_ptr<NodeFile> node, os::Fd file, os::Mapping mapping,
                         std::uint32_t number)
    : directory_(directory),
      node_(std::move(node)),
      file_(std::move(file)),
      mapping_(std::move(mapping)),
      number_(number) {
  const std::lock_guard lock(live_mutex);
  instance_ = ++last_instance;
  live_files.emplace(instance_, this);
}

ProcessFile::~ProcessFile() {
  {
    const std::lock_guard lock(live_mutex);
    live_files.erase(instance_);
  }
  if (header().os_pid != static_cast<std::uint64_t>(::getpid())) return;  // a forked child: the file is its parent's
  os::remove_file(directory_, process_file_name(number_));
  node_->announce_change();
}

Result<std::shared_ptr<ProcessFile>> ProcessFile::create(int directory, std::shared_ptr<NodeFile> node) {
  HEIRLOOM_CHECK(os::membarrier_register(), "attach");
  HEIRLOOM_TRY(const std::uint32_t number, node->take_program_number(), "attach");
  const std::string name = process_file_name(number);
  const std::string temporary = name + ".new";
  HEIRLOOM_TRY(os::Fd file, os::create_file(directory, temporary), "attach");
  const auto make = [&]() -> Result<os::Mapping> {
    HEIRLOOM_CHECK(os::allocate(file, 0, kPageBytes), "process file");
    HEIRLOOM_TRY(os::Mapping mapping, os::Mapping::map(file, kProcessFileBytesMax, os::Access::read_write),
                 "process file");
    if (!os::try_lock_file(file)) return fail(ErrorCode::io, "somebody else has locked a new process file");
    auto& header = *reinterpret_cast<ProcessHeader*>(mapping.base());
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.version = kLayoutVersion;
    header.number = number;
    header.os_pid = static_cast<std::uint64_t>(::getpid());
    HEIRLOOM_CHECK(os::rename_file(directory, temporary, name), "process file");
    return mapping;
  };
  auto mapping = make();
  if (!mapping) {
    os::remove_file(directory, temporary);
    return std::move(mapping).failure().within("attach");
  }
  node->announce_change();
  return std::shared_ptr<ProcessFile>(
      new ProcessFile(directory, std::move(node), std::move(file), *std::move(mapping), number));
}

void ProcessFile::hold_program_life() {
  header().life.hold();
  header().started.store(1, std::memory_order_release);
}

void ProcessFile::release_program_life() { header().life.release(); }

ThreadPlace ProcessFile::this_thread() {
  if (hot_place.instance == instance_) [[likely]] return hot_place.place;
  auto& places = ThreadCache::of_this_thread().places;
  auto found = places.find(instance_);
  if (found == places.end()) found = places.emplace(instance_, take_slot()).first;
  hot_place = {instance_, found->second};
  return found->second;
}

ThreadPlace ProcessFile::take_slot() {
  const std::lock_guard lock(mutex_);
  std::uint32_t index = 0;
  if (!free_slots_.empty()) {
    index = free_slots_.back();
    free_slots_.pop_back();
  } else {
    index = header().slot_count.load(std::memory_order_relaxed);
    if (index == kThreadsMax) {
      throw Error(ErrorCode::system_limit, "attach thread", "more than 65536 threads use this node at once");
    }
    if (index == slots_in_file_) {
      os::allocate(file_, kPageBytes + std::uint64_t{slots_in_file_} * sizeof(ThreadSlot), kPageBytes).value_or_raise();
      slots_in_file_ += kSlotsAPage;
    }
    slot(index).epoch.store(0, std::memory_order_relaxed);
    header().slot_count.store(index + 1, std::memory_order_release);  // P3
  }
  slot(index).life.hold();  // P1
  return {&slot(index), index};
}

void ProcessFile::give_slot_back(std::uint32_t index) {
  const std::lock_guard lock(mutex_);
  HEIRLOOM_ASSERT(slot(index).epoch.load(std::memory_order_relaxed) == 0, "P2: a thread ends outside any epoch");
  slot(index).life.release();
  free_slots_.push_back(index);
}

}  // namespace heirloom::shm
