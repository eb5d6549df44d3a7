// SPDX-License-Identifier: Apache-2.0
#include "table/table.hpp"
#include "table/tree.hpp"

namespace heirloom::table {

// What the commit word of an insert of several objects chooses for a slot that is pending.
std::uint64_t Table::resolve_pending(std::uint64_t slot) const {
  const auto& pending = segment_->at<const Pending>(slot_offset(slot), "a pending object");
  const auto& transaction = segment_->at<const Transaction>(pending.transaction, "a transaction");
  // Pairs with the one store of ManyInsert::commit().
  return transaction.committed.load(std::memory_order_acquire) != 0 ? pending.new_slot : pending.old_slot;
}

StoredObject Table::find_other(const TermView& key) const {
  Key prepared;
  return find_key(key, prepared) ? find_prepared(prepared) : StoredObject();
}

StoredObject Table::find_prepared(const Key& key) const {
  return is_ordered() ? Tree(*this).find(key).object : find(key);
}

std::optional<Term> Table::lookup_element(Pid caller, const TermView& key, std::int64_t position) const {
  check_access(caller, false);
  const auto refuse = [&](std::uint64_t arity) {
    throw Error(ErrorCode::position, "lookup_element",
                "there is no element " + std::to_string(position) +
                    (arity == 0 ? std::string(": positions start at 1") : " of " + std::to_string(arity)));
  };
  if (position < 1) refuse(0);
  const auto at_position = static_cast<std::uint64_t>(position);
  const auto element_of = [&](StoredObject object) {
    return look_at(object, [&](const TermView& whole) {
      if (at_position > whole.size()) refuse(whole.size());
      return Term(whole.element(at_position));
    });
  };
  const shm::ReadEpoch epoch = read_epoch();
  Key prepared;
  if (!find_key(key, prepared)) return std::nullopt;
  if (!is_bag()) {
    const StoredObject object = find_prepared(prepared);
    return object ? std::optional(element_of(object)) : std::nullopt;
  }
  const std::uint64_t slot = find_slot(prepared);
  if (slot == 0) return std::nullopt;
  const Members members(segment_->window(), slot);
  std::vector<Term> elements;
  for (std::uint64_t i = 0; i < members.count(); ++i) elements.push_back(element_of(members[i]));
  return list(elements);
}

void Table::refuse_bag(const char* operation) const {
  if (!is_bag()) return;
  throw Error(ErrorCode::table_type, operation, "the table is a " + std::string(to_string(type_)));
}

void Table::require_order(const char* operation) const {
  if (is_ordered()) return;
  throw Error(ErrorCode::table_type, operation,
              "the table is a " + std::string(to_string(type_)) + ", and has no order");
}

}  // namespace heirloom::table
