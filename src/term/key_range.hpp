// SPDX-License-Identifier: Apache-2.0
//
// KeyRange: which keys a search has to look at, as far as that is known before. Made of the heads of a match specification, used by
// the tables.
//
// A key of which only the beginning is known has *open words* in place of what may be anything: {server,3,'_'} is the tuple
// {server,3,open}. In the order of terms all keys that begin so lie side by side, between two edges: the one below everything that
// an open word may be, and the one above.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

// An atom that there is nowhere else: what stands behind it in a key is not looked at.
inline constexpr Word kOpen = make_atom(0xffffffff);

enum class Edge : std::uint8_t { below, above };

// How a key, or another edge of this kind, lies to an edge. A key is equivalent to an edge only if that is a whole key.
[[nodiscard]] std::weak_ordering compare_to_edge(TermView key, TermView edge, Edge kind);
// order_prefix() of the least key that is not below the edge, or of the greatest that is not above.
[[nodiscard]] std::uint64_t order_prefix_of_edge(TermView edge, Edge kind);

struct KeyRange {
  enum class Kind : std::uint8_t { keys, between, everything } kind = Kind::keys;
  std::vector<Term> keys;  // `keys`: these, each once, in their order
  // `between`: not below the one nor above the other.
  std::optional<Term> from;
  std::optional<Term> to;
};

}  // namespace heirloom::term
