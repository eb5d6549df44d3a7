// SPDX-License-Identifier: Apache-2.0
//
// How far one is on the way through the buckets of a table (traverse.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "table/chain.hpp"
#include "table/table.hpp"

namespace heirloom::table {

inline constexpr int kBucketsAhead = 16;  // that are asked for before they are read

constexpr std::uint64_t reversed(std::uint64_t word) noexcept {
  word = (word & 0x5555555555555555) << 1 | (word >> 1 & 0x5555555555555555);
  word = (word & 0x3333333333333333) << 2 | (word >> 2 & 0x3333333333333333);
  word = (word & 0x0F0F0F0F0F0F0F0F) << 4 | (word >> 4 & 0x0F0F0F0F0F0F0F0F);
  return __builtin_bswap64(word);
}

static_assert(reversed(0b1011) == std::uint64_t{0b1101} << 60 &&
              reversed(reversed(0x123456789abcdef0)) == 0x123456789abcdef0);

struct Table::Cursor {
  std::uint32_t stripe = 0;
  std::uint64_t from = 0;  // the least reversed hash not visited yet
};

// The place of a key in a traversal. What was met is valid in the epoch in which it was.
struct Table::Visited {
  std::uint32_t stripe;
  std::uint64_t order;  // the reversed hash
  std::uint64_t slot;   // to its objects
  TermView key;

  friend bool operator<(const Visited& left, const Visited& right) {
    if (left.stripe != right.stripe) return left.stripe < right.stripe;
    if (left.order != right.order) return left.order < right.order;
    return compare(left.key, right.key) < 0;
  }
};

// Appends what `make` makes of each key of the bucket at the cursor, of its reversed hash, its slot and its first object, and moves
// the cursor behind it. False when that was tried while slots moved: then nothing is appended. Inside a ReadEpoch.
template <typename Entry, typename Make>
bool Table::visit_bucket_with(Cursor& cursor, std::vector<Entry>& into, const Make& make) const {
  const auto next_stripe = [&] { cursor = {cursor.stripe + 1, 0}; };
  const IndexHead* head = head_for_reading(cursor.stripe);
  const std::uint64_t shape = head == nullptr ? 0 : head->shape.load(std::memory_order_acquire);
  const std::uint32_t buckets = head == nullptr ? 0 : buckets_of(*head, shape);
  if (buckets == 0) {
    next_stripe();
    return true;
  }
  const std::size_t before = into.size();
  const std::uint32_t number = bucket_of(reversed(cursor.from), buckets);
  const shm::Segment::Window window = segment_->window();
  const Bucket* bucket = &bucket_for_reading(window, *head, number);
  for (Chain chain;;) {
    for (const auto& slot_word : bucket->slots) {
      const std::uint64_t slot = resolve(slot_word.load(std::memory_order_acquire));
      if (slot == 0) continue;
      const StoredObject object(window, slot_offset(slot));
      const std::uint64_t hash = hash_of(object);
      // Or the way from key to key would lead back to where it has been.
      if (stripe_of(hash) != cursor.stripe) segment_->refuse(slot_offset(slot), "an object of its stripe");
      // A slot that a split has moved stays here until it is swept (layout.hpp T2): it is visited where it belongs.
      if (bucket_of(hash, buckets) != number) continue;
      const std::uint64_t order = reversed(hash);
      if (order >= cursor.from) into.push_back(make(order, slot, object));
    }
    const Offset overflow = bucket->overflow.load(std::memory_order_acquire);
    if (overflow == 0) break;
    bucket = &chain.next(*segment_, overflow);
  }
  if (head->shape.load(std::memory_order_acquire) != shape) {
    into.erase(into.begin() + static_cast<std::ptrdiff_t>(before), into.end());
    return false;
  }
  if (!pass_bucket(cursor, number, buckets)) next_stripe();
  return true;
}

}  // namespace heirloom::table
