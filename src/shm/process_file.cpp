// SPDX-License-Identifier: Apache-2.0
#include "shm/process_file.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "os/boot.hpp"
#include "os/file.hpp"
#include "os/fork.hpp"
#include "os/mapping.hpp"
#include "os/membarrier.hpp"
#include "os/thread_end.hpp"

namespace heirloom::shm {

namespace {

constexpr char kProcessMagic[8] = {'h', 'e', 'i', 'r', 'p', 'r', 'o', 'c'};
constexpr std::uint32_t kSlotsAPage = kPageBytes / sizeof(ThreadSlot);

std::atomic<std::uint64_t> last_instance{0};

}  // namespace

// The mapped file and which of its slots are taken: kept by the ProcessFile and by every thread that has a slot.
class ProcessFile::Slots {
 public:
  Slots(os::Fd file, os::Mapping mapping)
      : file_(std::move(file)), mapping_(std::move(mapping)), instance_(os::program_instance()) {}

  [[nodiscard]] ProcessHeader& header() const noexcept { return *reinterpret_cast<ProcessHeader*>(mapping_.base()); }
  [[nodiscard]] ProcessView view() const noexcept { return ProcessView(mapping_.base()); }
  // A child of fork() has the mapping too, but neither the file nor its threads are its own.
  [[nodiscard]] bool own() const noexcept { return instance_ == os::program_instance(); }

  // The life word is held, and given back, outside the mutex: it is held for a thread's whole life, and so is of lower rank.
  ThreadPlace take() {
    const std::uint32_t index = find_free();
    const std::uint32_t incarnation = slot(index).incarnation.load(std::memory_order_relaxed) + 1;
    slot(index).incarnation.store(incarnation, std::memory_order_release);  // P4
    slot(index).life.hold();                                                // P1
    return {&slot(index), thread_name(incarnation, index)};
  }

  // By the thread that took it.
  void give_back(std::uint32_t index) {
    if (!own()) return;
    HEIRLOOM_ASSERT(slot(index).epoch.load(std::memory_order_relaxed) == 0, "P2: a thread ends outside any epoch");
    slot(index).life.release();
    const std::lock_guard lock(mutex_);
    free_.push_back(index);
  }

 private:
  [[nodiscard]] ThreadSlot& slot(std::uint32_t index) const noexcept {
    return reinterpret_cast<ThreadSlot*>(mapping_.base() + kPageBytes)[index];
  }

  std::uint32_t find_free() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return add();
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }

  std::uint32_t add() {
    const std::uint32_t index = header().slot_count.load(std::memory_order_relaxed);
    if (index == kThreadsMax) {
      throw Error(ErrorCode::system_limit, "attach thread", "more than 65536 threads use this node at once");
    }
    if (index == in_file_) {
      os::allocate(file_, kPageBytes + std::uint64_t{in_file_} * sizeof(ThreadSlot), kPageBytes, os::Reserve::use)
          .value_or_raise();
      in_file_ += kSlotsAPage;
    }
    slot(index).life.initialize();
    slot(index).epoch.store(0, std::memory_order_relaxed);
    header().slot_count.store(index + 1, std::memory_order_release);  // P3
    return index;
  }

  os::Fd file_;  // holds the lock
  os::Mapping mapping_;
  std::uint64_t instance_;
  std::mutex mutex_;
  std::vector<std::uint32_t> free_;
  std::uint32_t in_file_ = 0;
};

// The slots of one thread, one a node that it uses; given back when it ends. What its last destructors do with a table after
// that takes a slot anew.
struct ProcessFile::ThreadPlaces {
  struct Taken {
    ThreadPlace place;
    std::shared_ptr<Slots> slots;
  };
  std::unordered_map<std::uint64_t, Taken> taken;

  ~ThreadPlaces() {
    hot_place = {};
    for (const auto& [instance, entry] : taken) entry.slots->give_back(slot_of_thread(entry.place.name));
  }
  void leave(std::uint64_t instance) {
    const auto found = taken.find(instance);
    if (found == taken.end()) return;
    hot_place = {};
    found->second.slots->give_back(slot_of_thread(found->second.place.name));
    taken.erase(found);
  }
  static ThreadPlaces& of_this_thread() {
    constinit static thread_local ThreadPlaces* places = nullptr;
    if (places == nullptr) {
      places = new ThreadPlaces;
      os::at_thread_end([](void*) { delete std::exchange(places, nullptr); }, nullptr);
    }
    return *places;
  }
};

std::uint32_t ProcessView::slot_count() const noexcept {
  return std::min(header().slot_count.load(std::memory_order_acquire), kThreadsMax);
}

std::string process_file_name(std::uint32_t number) { return "processes/" + std::to_string(number); }

ProcessFile::ProcessFile(int directory, std::shared_ptr<NodeFile> node, std::shared_ptr<Slots> slots,
                         std::uint32_t number)
    : directory_(directory),
      node_(std::move(node)),
      slots_(std::move(slots)),
      number_(number),
      instance_(last_instance.fetch_add(1) + 1) {}

ProcessFile::~ProcessFile() {
  if (!slots_->own()) return;
  ThreadPlaces::of_this_thread().leave(instance_);
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
    if (!os::try_lock_file(file)) return fail(ErrorCode::io, "somebody else has locked a new process file");
    HEIRLOOM_CHECK(os::allocate(file, 0, kPageBytes, os::Reserve::use), "process file");
    HEIRLOOM_TRY(os::Mapping mapping, os::Mapping::map(file, kProcessFileBytesMax, os::Access::read_write),
                 "process file");
    auto& header = *reinterpret_cast<ProcessHeader*>(mapping.base());
    std::memcpy(header.magic, kProcessMagic, sizeof kProcessMagic);
    header.version = kLayoutVersion;
    header.number = number;
    header.os_pid = os::process_id();
    header.clock_offset = os::monotonic_offset().count();
    os::program_name().copy(header.name, sizeof(header.name) - 1);
    header.life.initialize();
    HEIRLOOM_CHECK(os::rename_file(directory, temporary, name), "process file");
    return mapping;
  };
  auto mapping = make();
  if (!mapping) {
    os::remove_file(directory, temporary);
    return std::move(mapping).failure().within("attach");
  }
  node->announce_change();
  auto slots = std::make_shared<Slots>(std::move(file), *std::move(mapping));
  return std::shared_ptr<ProcessFile>(new ProcessFile(directory, std::move(node), std::move(slots), number));
}

void ProcessFile::hold_program_life() {
  slots_->header().life.hold();
  slots_->header().started.store(1, std::memory_order_release);
}

void ProcessFile::release_program_life() { slots_->header().life.release(); }

Beat* ProcessFile::take_beat(std::chrono::nanoseconds timeout) {
  for (Beat& beat : slots_->header().beats) {
    std::uint64_t nobody = 0;
    if (beat.timeout.compare_exchange_strong(nobody, static_cast<std::uint64_t>(timeout.count()))) return &beat;
  }
  return nullptr;
}

ProcessView ProcessFile::view() const noexcept { return slots_->view(); }
std::shared_ptr<const void> ProcessFile::memory() const noexcept { return slots_; }

ThreadPlace ProcessFile::find_place() {
  auto& taken = ThreadPlaces::of_this_thread().taken;
  auto found = taken.find(instance_);
  if (found == taken.end()) found = taken.emplace(instance_, ThreadPlaces::Taken{slots_->take(), slots_}).first;
  hot_place = {instance_, found->second.place};
  return found->second.place;
}

}  // namespace heirloom::shm
