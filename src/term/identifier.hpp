// SPDX-License-Identifier: Apache-2.0
//
// Pids, references and ports: names that a node gave. Those of this node are one to three words that only Heirloom reads;
// those of other nodes - an Erlang VM's - carry what the external term format sends of them, so that they can be sent on.
//
// **Layout** of the payload of one of another node.
//
//    63  62      51 50   48 47    42 41                32 31                    0
//   +---+----------+-------+--------+--------------------+----------------------+
//   | 1 | 0        | count | 0      | bytes of the name  | creation             |
//   +---+----------+-------+--------+--------------------+----------------------+
//   | numbers, two a word, the first one in the low half; unused halves are 0   |
//   +---------------------------------------------------------------------------+
//   | the name of the node, UTF-8; unused bytes are 0                           |
//   +---------------------------------------------------------------------------+
//
// The first word of this node's own is below 2^63. The name lies here as text and is no atom, so that such a term is copied
// between spaces of atoms as it is.
//
// Outside, Heirloom's own belong to the node kLocalNode with the creation kLocalCreation: a pid has the numbers {program,
// index}; a port the lower and the upper half of its word; a reference the first word, which fits 32 bits, and then the
// lower and the upper half of each further one.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

inline constexpr std::string_view kLocalNode = "heirloom@localhost";
inline constexpr std::uint32_t kLocalCreation = 1;

struct Identifier {
  static constexpr std::size_t kNumbersMax = 5;

  std::string_view node;
  std::uint32_t creation = 0;
  std::uint32_t count = 0;  // of numbers: a pid's id and serial; a port's lower and upper half; 1 to 5 of a reference
  std::array<std::uint32_t, kNumbersMax> numbers{};
};

inline constexpr Word kForeign = Word{1} << 63;

constexpr bool is_identifier(Word word) noexcept {
  return is_kind(word, Kind::pid) || is_kind(word, Kind::reference) || is_kind(word, Kind::port) ||
         is_kind(word, Kind::creator);
}

// These require a reference to an identifier in the block `base`.
inline bool is_foreign(const Word* base, Word word) noexcept { return (*payload_of(base, word) & kForeign) != 0; }
// The name lies in the block, or is kLocalNode.
[[nodiscard]] Identifier identifier_of(const Word* base, Word word) noexcept;

// A term of the kind pid, reference, port or creator; what this node can have made becomes its own again. Requires a name of
// up to 255 characters of UTF-8, and as many numbers as the kind has.
[[nodiscard]] Term make_identifier(Kind kind, const Identifier& identifier);

// The rule that the payload of an identifier breaks, or null.
[[nodiscard]] const char* check_identifier(Kind kind, std::span<const Word> payload) noexcept;

// The order among two of one kind: this node's own first, by their words; others as Erlang orders them. Pids by serial, id,
// node and creation; ports by node, creation and number; references by node, creation, and the numbers from the last one.
[[nodiscard]] std::strong_ordering compare_identifiers(TermView left, TermView right) noexcept;

}  // namespace heirloom::term
