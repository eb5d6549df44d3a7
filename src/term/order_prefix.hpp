// SPDX-License-Identifier: Apache-2.0
//
// The beginning of a term's place in the order of terms, as a number: of two terms, the lesser never has the greater prefix,
// and equivalent ones (`==`) have the same. So most comparisons of keys are those of two numbers.
//
// Layout, from the highest bit: 4 bits for the kind, then
//   a number           its value as a double, made to ascend, without its last four bits: integers up to 2^49 are told apart
//   an atom, a binary  its first 60 bits
//   a tuple            4 bits of its size (15: or larger), then, if that is 1 .. 14, the prefix of its first element
//   a list             the prefix of its first element
//   a map              8 bits of its size
//   all others         nothing
#pragma once

#include <bit>
#include <cstdint>

#include "heirloom/term.hpp"

#include "term/term_kind.hpp"
#include "term/word.hpp"

namespace heirloom::term {

inline constexpr unsigned kRankBits = 4;

// A double as a number that ascends as it does; both zeros are one.
constexpr std::uint64_t ascending(double number) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(number + 0.0);  // -0.0 + 0.0 is 0.0
  return (bits >> 63) != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}

constexpr std::uint64_t order_prefix_of_small(Word small) noexcept {
  constexpr auto kRank = static_cast<std::uint64_t>(TermKind::floating);
  return kRank << (64 - kRankBits) | ascending(static_cast<double>(small_value(small))) >> kRankBits;
}

[[nodiscard]] std::uint64_t order_prefix_of_other(TermView term);
[[nodiscard]] inline std::uint64_t order_prefix(TermView term) {
  return is_small(term.word()) ? order_prefix_of_small(term.word()) : order_prefix_of_other(term);
}

}  // namespace heirloom::term
