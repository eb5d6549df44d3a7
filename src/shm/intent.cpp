// SPDX-License-Identifier: Apache-2.0
#include "shm/intent.hpp"

#include <string>

#include "heirloom/error.hpp"

namespace heirloom::shm {

Repair repair(Intent& intent, Base base, std::uint64_t bytes) {
  const std::uint64_t count = intent.armed.load(std::memory_order_acquire);
  if (count == 0) return Repair::nothing;
  const auto refuse = [](const std::string& what) { throw Error(ErrorCode::corrupt, "repair", what); };
  if (count > kIntentEntriesMax) refuse("an intent record has " + std::to_string(count) + " entries");
  for (std::uint64_t i = 0; i < count; ++i) {
    const Offset offset = intent.entries[i].offset.load(std::memory_order_relaxed);
    if (offset % 8 != 0 || bytes < 8 || offset > bytes - 8) {
      refuse("an intent record names offset " + std::to_string(offset) + " of " + std::to_string(bytes));
    }
  }
  const auto target = [&](std::uint64_t i) -> std::atomic<std::uint64_t>& {
    return word_at(base, intent.entries[i].offset.load(std::memory_order_relaxed));
  };
  const auto value = [&](std::uint64_t i) { return intent.entries[i].value.load(std::memory_order_relaxed); };
  const bool published = target(0).load(std::memory_order_relaxed) == value(0);
  if (published) {
    for (std::uint64_t i = 1; i < count; ++i) target(i).store(value(i), std::memory_order_release);
  }
  intent.armed.store(0, std::memory_order_release);
  return published ? Repair::finished : Repair::undone;
}

}  // namespace heirloom::shm
