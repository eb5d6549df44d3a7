// SPDX-License-Identifier: Apache-2.0
//
// The hash of a term depends on its value and on a seed: equal terms (`=:=`) have equal hashes in every program, whatever
// the ids of their atoms. Both its low and its high bits are good. The seed of a table is secret enough against clients
// that choose keys to collide; it is no cryptography.
#pragma once

#include <cstdint>
#include <string_view>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

__extension__ typedef unsigned __int128 DoubleWord;

// Both halves of a product, folded: each bit of the result depends on all bits of `left` and `right` below it and above.
constexpr std::uint64_t folded_multiply(std::uint64_t left, std::uint64_t right) noexcept {
  const DoubleWord product = static_cast<DoubleWord>(left) * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Of one word: two rounds, since after one the hash of small numbers still shows their order.
constexpr std::uint64_t hash_word(Word word, std::uint64_t seed) noexcept {
  constexpr std::uint64_t kFirst = 0xA0761D6478BD642F;
  constexpr std::uint64_t kSecond = 0xE7037ED1A0B428DB;
  constexpr std::uint64_t kThird = 0x8EBC6AF09C88C6E3;
  return folded_multiply(folded_multiply(word ^ seed ^ kFirst, kSecond) ^ seed, kThird);
}

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept;

// Everything but small integers.
std::uint64_t hash_other(TermView view, std::uint64_t seed);

inline std::uint64_t hash(TermView view, std::uint64_t seed) {
  return is_small(view.word()) ? hash_word(view.word(), seed) : hash_other(view, seed);
}

}  // namespace heirloom::term
