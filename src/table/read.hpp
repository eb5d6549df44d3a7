// SPDX-License-Identifier: Apache-2.0
//
// Reads: inside a ReadEpoch, without a lock. A hit touches the head of its stripe, one bucket and the object.
//
// Why in a header? A lookup waits for memory twice, and it is the processor that makes that bearable, by beginning the next
// lookup while this one waits - as long as both together fit its window of some hundred instructions. So the whole way
// from the public call to the copied object is compiled as one function, and counts its instructions (docs/decisions/0005).
#pragma once

#include <bit>

#include "table/chain.hpp"
#include "table/table.hpp"

namespace heirloom::table {

template <typename AnyKey>
inline Table::Found Table::find_in(const shm::Segment::Window& window, const Bucket& bucket, std::uint64_t tag,
                                   const AnyKey& key) const {
  for (unsigned found = slots_with_tag(bucket, tag); found != 0; found &= found - 1) {
    // It may have changed since it was looked at: then it is not this key's, or again it is.
    const auto& slot_word = bucket.slots[std::countr_zero(found)];
    const std::uint64_t slot = slot_word.load(std::memory_order_acquire);  // pairs with the commits that publish it
    if (slot == 0) continue;
    const std::uint64_t present = resolve(slot);
    if (present == 0) continue;
    const StoredObject object(window, slot_offset(present));
    if (has_key(object, key)) return {&slot_word, present, object};
  }
  return {};
}

template <typename AnyKey, typename Take>
inline auto Table::search(const AnyKey& key, const Take& take) const
    -> std::invoke_result_t<const Take&, const Found&> {
  const std::uint64_t tag = tag_of_hash(key.hash);
  const std::uint32_t stripe = stripe_of(key.hash);
  const shm::Segment::Window window = segment_->window();
  for (;;) {
    const Offset root = header_.root.load(std::memory_order_acquire);  // pairs with the commits that publish a root
    if (root == 0) return {};
    const auto& head = window.at<const IndexHead>(root + stripe * sizeof(IndexHead), "a head of the index");
    const std::uint64_t shape = head.shape.load(std::memory_order_acquire);
    if (shape_buckets(shape) != 0) [[likely]] {
      const Bucket* bucket = &bucket_for_reading(window, head, bucket_of(key.hash, shape_buckets(shape)));
      for (Chain chain;;) {
        if (const Found found = find_in(window, *bucket, tag, key); found.slot_word != nullptr) return take(found);
        const Offset overflow = bucket->overflow.load(std::memory_order_acquire);
        if (overflow == 0) [[likely]]
          break;
        bucket = &chain.next(*segment_, overflow);
      }
    }
    // T4: nothing was found, and nothing has moved meanwhile.
    if (head.shape.load(std::memory_order_acquire) == shape) return {};
  }
}

inline Objects Table::lookup(Pid caller, const TermView& key) const {
  check_access(caller, false);
  Objects found;
  if (!plain_set_) [[unlikely]] {
    lookup_other(key, found);
    return found;  // the one that all ways return, so that it is built where the caller wants it
  }
  const shm::ReadEpoch epoch = read_epoch();
  const StoredObject object = term::is_small(key.word()) ? find(small_key(key.word())) : find_other(key);
  if (object) copy_plain(object, found.only());
  return found;
}

inline bool Table::member(Pid caller, const TermView& key) const {
  check_access(caller, false);
  const shm::ReadEpoch epoch = read_epoch();
  const bool small = term::is_small(key.word()) && !is_ordered();
  return static_cast<bool>(small ? find(small_key(key.word())) : find_other(key));
}

}  // namespace heirloom::table
