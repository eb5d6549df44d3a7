// SPDX-License-Identifier: Apache-2.0
//
// The functions of ets, by what they are about: each list is a part of the one in ets.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "heirloom/term.hpp"

#include "ets/arguments.hpp"

namespace heirloom::ets {

struct Entry {
  std::string_view name;
  std::size_t arity;
  Term (*call)(const Arguments& arguments);
};

[[nodiscard]] std::span<const Entry> object_functions();  // insert, look up, change, delete
[[nodiscard]] std::span<const Entry> traversal_functions();
[[nodiscard]] std::span<const Entry> select_functions();
[[nodiscard]] std::span<const Entry> table_functions();  // make, tell, own, options
[[nodiscard]] std::span<const Entry> file_functions();

}  // namespace heirloom::ets
