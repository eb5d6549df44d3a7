// SPDX-License-Identifier: Apache-2.0
//
// Reads: inside a ReadEpoch, without a lock. A hit touches the head of its stripe, one bucket and the object.
#include "table/stripe_guard.hpp"
#include "table/table.hpp"

namespace heirloom::table {

// What a slot leads to now: itself, or what the commit word of an insert of several objects chooses.
std::uint64_t Table::resolve(std::uint64_t slot) const {
  if (!slot_is_pending(slot)) [[likely]]
    return slot;
  const auto& pending =
      *reinterpret_cast<const Pending*>(segment_->block(slot_offset(slot), sizeof(Pending), "a pending object"));
  const auto& transaction =
      *reinterpret_cast<const Transaction*>(segment_->block(pending.transaction, sizeof(Transaction), "a transaction"));
  // Pairs with the one store of ManyInsert::commit().
  return transaction.committed.load(std::memory_order_acquire) != 0 ? pending.new_slot : pending.old_slot;
}

std::optional<StoredObject> Table::find(const Key& key) const {
  const std::uint64_t tag = tag_of_hash(key.hash);
  for (;;) {
    const IndexHead* head = head_for_reading(stripe_of(key.hash));
    if (head == nullptr) return std::nullopt;
    const std::uint64_t shape = head->shape.load(std::memory_order_acquire);
    if (shape_buckets(shape) != 0) [[likely]] {
      const Bucket* bucket = &bucket_for_reading(*head, bucket_of(key.hash, shape_buckets(shape)));
      for (;;) {
        for (const auto& slot_word : bucket->slots) {
          const std::uint64_t slot =
              slot_word.load(std::memory_order_acquire);  // pairs with the commits that publish it
          if (slot_tag(slot) != tag || slot == 0) continue;
          const std::uint64_t present = resolve(slot);
          if (present == 0) continue;
          const StoredObject object(*segment_, slot_offset(present));
          if (has_key(object, key)) return object;
        }
        const Offset overflow = bucket->overflow.load(std::memory_order_acquire);
        if (overflow == 0) break;
        bucket = reinterpret_cast<const Bucket*>(segment_->block(overflow, sizeof(Bucket), "an overflow bucket"));
      }
    }
    // T4: nothing was found, and nothing has moved meanwhile.
    if (head->shape.load(std::memory_order_acquire) == shape) return std::nullopt;
  }
}

Objects Table::lookup(Pid caller, TermView key) const {
  check_access(caller, false);
  const auto prepared = find_key(key);
  if (!prepared) return {};
  const shm::ReadEpoch epoch(*attachment_.process->this_thread().slot, *attachment_.node);
  const auto object = find(*prepared);
  return object ? Objects(copy_out(*object)) : Objects();
}

bool Table::member(Pid caller, TermView key) const {
  check_access(caller, false);
  const auto prepared = find_key(key);
  if (!prepared) return false;
  const shm::ReadEpoch epoch(*attachment_.process->this_thread().slot, *attachment_.node);
  return find(*prepared).has_value();
}

std::optional<Term> Table::lookup_element(Pid caller, TermView key, std::int64_t position) const {
  check_access(caller, false);
  const auto refuse = [&](std::uint64_t arity) {
    throw Error(ErrorCode::position, "lookup_element",
                "there is no element " + std::to_string(position) +
                    (arity == 0 ? std::string(": positions start at 1") : " of " + std::to_string(arity)));
  };
  if (position < 1) refuse(0);
  const auto prepared = find_key(key);
  if (!prepared) return std::nullopt;
  const shm::ReadEpoch epoch(*attachment_.process->this_thread().slot, *attachment_.node);
  const auto object = find(*prepared);
  if (!object) return std::nullopt;
  if (static_cast<std::uint64_t>(position) > object->arity()) refuse(object->arity());
  return copy_element(*object, static_cast<std::uint64_t>(position));
}

}  // namespace heirloom::table
