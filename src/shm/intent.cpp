// SPDX-License-Identifier: Apache-2.0
#include "shm/intent.hpp"

#include <string>

#include "heirloom/error.hpp"

#include "shm/segment.hpp"

namespace heirloom::shm {

namespace {

std::atomic<std::uint64_t>& target(const Intent& intent, Base base, std::uint64_t entry) {
  return word_at(base, intent.entries[entry].offset.load(std::memory_order_relaxed));
}

std::uint64_t value(const Intent& intent, std::uint64_t entry) {
  return intent.entries[entry].value.load(std::memory_order_relaxed);
}

std::uint64_t count(const Intent& intent) { return intent.armed.load(std::memory_order_acquire) & 0xFF; }

}  // namespace

void Change::refuse(Offset offset, const char* what) const {
  const std::string detail = "the word at offset " + std::to_string(offset) + ' ' + what;
  if (segment_ != nullptr) segment_->refuse("write", detail);
  throw Error(ErrorCode::corrupt, "write", detail);
}

Repair state_of(const Intent& intent, Base base, const MayStore& may_store) {
  const std::uint64_t armed = intent.armed.load(std::memory_order_acquire) & kArmedMask;
  if (armed == 0) return Repair::nothing;
  const auto refuse = [](const std::string& what) { throw Error(ErrorCode::corrupt, "repair", what); };
  const std::uint64_t count = shm::count(intent);
  if (armed != armed_with(count) || count > kIntentEntriesMax)
    refuse("an intent record is armed with " + std::to_string(armed) + ", which says no number of entries");
  for (std::uint64_t i = 0; i < count; ++i) {
    const Offset offset = intent.entries[i].offset.load(std::memory_order_relaxed);
    if (!may_store(offset))
      refuse("an intent record names offset " + std::to_string(offset) + ", which no write stores");
  }
  const bool published = target(intent, base, 0).load(std::memory_order_relaxed) == value(intent, 0);
  return published ? Repair::finished : Repair::undone;
}

Repair repair(Intent& intent, Base base, const MayStore& may_store) {
  const Repair found = state_of(intent, base, may_store);
  if (found == Repair::nothing) return found;
  if (found == Repair::finished) {
    for (std::uint64_t i = 1, entries = count(intent); i < entries; ++i) {
      target(intent, base, i).store(value(intent, i), std::memory_order_release);
    }
  }
  intent.disarm();
  return found;
}

}  // namespace heirloom::shm
