// SPDX-License-Identifier: Apache-2.0
//
// **Locking.** None, so that neither a thread nor a forked child waits here: free slots are a list whose head carries a count
// against reuse, slots lie in chunks that never move, and the generation of a slot is raised when its marks are taken back.
#include "heirloom/view_life.hpp"

#if HEIRLOOM_CHECK_VIEWS

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace heirloom {

const char kViewsAreChecked = 1;

namespace {

struct Slot {
  std::atomic<std::uint32_t> generation{0};
  std::atomic<std::uint32_t> next_free{0};
};

constexpr std::uint32_t kChunkSlots = 1U << 12;
using Chunk = std::array<Slot, kChunkSlots>;

std::array<std::atomic<Chunk*>, 1U << 16> chunks;
std::atomic<std::uint32_t> slots_given{1};  // 0 is no slot
std::atomic<std::uint64_t> first_free{0};   // a count in the upper half, the slot in the lower one

Slot& slot_at(std::uint32_t index) noexcept {
  auto& place = chunks[index / kChunkSlots];
  Chunk* chunk = place.load(std::memory_order_acquire);
  if (chunk == nullptr) {
    auto* made = new Chunk;
    if (place.compare_exchange_strong(chunk, made, std::memory_order_acq_rel)) {
      chunk = made;
    } else {
      delete made;
    }
  }
  return (*chunk)[index % kChunkSlots];
}

std::uint64_t head_with(std::uint64_t before, std::uint32_t slot) noexcept { return ((before >> 32) + 1) << 32 | slot; }

// 0 when there is none left; what has no slot is not checked.
std::uint32_t take_slot() noexcept {
  std::uint64_t head = first_free.load(std::memory_order_acquire);
  while (static_cast<std::uint32_t>(head) != 0) {
    const auto slot = static_cast<std::uint32_t>(head);
    const std::uint32_t next = slot_at(slot).next_free.load(std::memory_order_relaxed);
    if (first_free.compare_exchange_weak(head, head_with(head, next), std::memory_order_acq_rel)) return slot;
  }
  const std::uint32_t fresh = slots_given.fetch_add(1, std::memory_order_relaxed);
  return fresh / kChunkSlots < chunks.size() ? fresh : 0;
}

void give_back(std::uint32_t slot) noexcept {
  std::uint64_t head = first_free.load(std::memory_order_acquire);
  do {
    slot_at(slot).next_free.store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);
  } while (!first_free.compare_exchange_weak(head, head_with(head, slot), std::memory_order_acq_rel));
}

}  // namespace

void ViewLife::check() const noexcept {
  if (slot_ == 0 || slot_at(slot_).generation.load(std::memory_order_acquire) == generation_) return;
  std::fputs("heirloom: a view is read whose term was changed, moved or destroyed meanwhile\n", stderr);
  std::abort();
}

// Several threads may look at one Term.
ViewLife ViewOwner::mark() const noexcept {
  std::uint32_t slot = __atomic_load_n(&slot_, __ATOMIC_ACQUIRE);
  if (slot == 0) {
    const std::uint32_t taken = take_slot();
    if (__atomic_compare_exchange_n(&slot_, &slot, taken, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      slot = taken;
    } else if (taken != 0) {
      give_back(taken);
    }
  }
  return slot == 0 ? ViewLife() : ViewLife(slot, slot_at(slot).generation.load(std::memory_order_acquire));
}

void ViewOwner::take_back() noexcept {
  if (slot_ == 0) return;
  slot_at(slot_).generation.fetch_add(1, std::memory_order_acq_rel);
  give_back(slot_);
  slot_ = 0;
}

}  // namespace heirloom

#else

namespace heirloom {

const char kViewsAreNotChecked = 0;

}  // namespace heirloom

#endif
