// SPDX-License-Identifier: Apache-2.0
//
// What a repair tells of the write that a death cut short (Repair, in lineage.hpp): which call of Table it was, and what became of it.
#pragma once

#include <cstdint>
#include <string_view>

namespace heirloom {

// Named as the functions of ets; `erase` is ets:delete/2.
enum class Operation : std::uint8_t {
  none,  // it had taken a lock, and nothing was under way
  insert,
  insert_new,
  erase,
  take,
  delete_object,
  delete_all_objects,
  update_counter,
  update_element,
  select_delete,
  select_replace,
  repair,  // of what another one had left
};
// As it is written above.
std::string_view to_string(Operation operation) noexcept;

enum class RepairOutcome : std::uint8_t {
  nothing,   // nothing was under way: its last write had happened, or it had not begun to change anything
  finished,  // the write is there, for every reader, since before the death
  undone,    // nothing of it is there
};
// As it is written above.
std::string_view to_string(RepairOutcome outcome) noexcept;

}  // namespace heirloom
