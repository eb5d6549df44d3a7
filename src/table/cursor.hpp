// SPDX-License-Identifier: Apache-2.0
//
// How far one is on the way through the buckets of a table (traverse.cpp).
#pragma once

#include <cstdint>

#include "table/table.hpp"

namespace heirloom::table {

inline constexpr int kBucketsAhead = 16;  // that are asked for before they are read

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

}  // namespace heirloom::table
