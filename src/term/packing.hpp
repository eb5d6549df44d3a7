// SPDX-License-Identifier: Apache-2.0
//
// A block packed into bytes, for tables that are `compressed`: a word takes as many bytes as it needs, offsets, which are implied,
// take none, and what is then still of some length is compressed by zstd.
//
// **Layout.** Numbers are variable: seven bits in a byte, the lowest first, the highest bit says that more follow.
//   words of the block << 1 | whether the rest is compressed
//   term words; then one after another, each term word: a byte that says what it is (packing.cpp), and its number;
//   then the payloads, without the bytes that fill up their last word
//
// An element of the tuple - the key of a table - lies beside the bytes: where it is no container, it is not among them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

// The bytes of a block that is a tuple, without the element at a position from 1.
[[nodiscard]] std::string pack(const Word* block, std::size_t words, std::uint64_t position);

// Where that element lies: a word of a block.
struct Beside {
  std::span<const Word> block;
  Word word;
  std::uint64_t position;
};

// The tuple again, the ids of its atoms mapped. Takes nothing for granted: whatever the bytes are, the result is a block in which
// no reference leads outside, or Error{corrupt}, in time and memory bounded by what they say to be, 256 MiB at the most.
[[nodiscard]] Term unpack(std::string_view bytes, const Beside& beside,
                          const std::function<std::uint32_t(std::uint32_t)>& map);

}  // namespace heirloom::term
