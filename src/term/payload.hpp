// SPDX-License-Identifier: Apache-2.0
//
// Payloads made of bytes, and of words that only their maker understands.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

// Clears what is behind the first `bits` bits of the `words` words at `to` (word.hpp, invariant 1).
void clear_unused_bits(Word* to, std::size_t words, std::uint64_t bits) noexcept;

// Makes `into` a binary (`size` = bytes) or a bitstring (`size` = bits, no multiple of 8) of exactly these bytes.
void make_payload(Term& into, Kind kind, std::string_view bytes, std::uint64_t size);

// A pid, reference, port or creator of this node: its words begin with the incarnation of the program that made it, so that
// it never names a stranger's. Requires at least one word.
[[nodiscard]] Term make_opaque(Kind kind, std::span<const Word> words);

}  // namespace heirloom::term
