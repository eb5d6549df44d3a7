// SPDX-License-Identifier: Apache-2.0
#include "heirloom/table.hpp"

namespace heirloom {

std::string_view to_string(TableType type) noexcept {
  switch (type) {
    case TableType::set: return "set";
    case TableType::ordered_set: return "ordered_set";
    case TableType::bag: return "bag";
    case TableType::duplicate_bag: return "duplicate_bag";
  }
  return "unknown";
}

std::string_view to_string(Protection protection) noexcept {
  switch (protection) {
    case Protection::public_access: return "public";
    case Protection::protected_access: return "protected";
    case Protection::private_access: return "private";
  }
  return "unknown";
}

}  // namespace heirloom
