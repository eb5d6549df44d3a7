// SPDX-License-Identifier: Apache-2.0
//
// Proves that words from somewhere else - a message, a segment that another process writes - are one well-formed block in
// canonical form, so that everything else in this layer may rely on it. Linear in time but for comparing the keys of maps
// (n log n at worst), without recursion, and without memory of its own.
#pragma once

#include <cstdint>
#include <span>

#include "heirloom/atom.hpp"

#include "base/result.hpp"
#include "term/word.hpp"

namespace heirloom::term {

// What the offset field of a root that is a non-empty tuple may hold.
enum class RootOffset {
  implied,      // 1
  of_an_owner,  // anything: the table keeps flags of its own there
};

// The failure (ErrorCode::corrupt) says which word breaks which rule. `atoms` tells the texts of atoms, by which keys of
// maps are ordered: their ids are 0 to atom_count - 1 in that space.
Status validate_block(std::span<const Word> words, std::uint32_t atom_count, const AtomSpace* atoms,
                      RootOffset root_offset = RootOffset::implied);

// The part of the same that everything else relies on so as not to read or run astray: that all is proven but the ids of atoms, which
// whoever translates them looks at, and the order of keys. `root` is read in the place of word 0.
bool is_sound_block(std::span<const Word> words, Word root) noexcept;

// The same of a tuple of `arity` elements in a block of `words` words, more than its elements, in which there are atoms only if `atoms`
// says so; with little work for what most objects of tables are: integers, atoms and binaries. Word 0 is not looked at.
bool is_sound_deep_tuple(const Word* block, std::uint64_t arity, std::uint64_t words, bool atoms) noexcept;
inline bool is_sound_tuple(const Word* block, std::uint64_t arity, std::uint64_t words, bool atoms) noexcept {
  std::uint64_t payload = 1 + arity;
  for (std::uint64_t i = 1; i <= arity; ++i) {
    // A counter may be stored meanwhile where the block lies.
    const Word word = __atomic_load_n(block + i, __ATOMIC_RELAXED);
    if (is_small(word)) [[likely]]
      continue;
    // One that is empty has the offset 0, and one whose size is escaped another meaning of its field.
    if (is_kind(word, Kind::binary) && offset_field(word) == payload && size_field(word) != kSizeEscape) {
      payload += (size_field(word) + sizeof(Word) - 1) / sizeof(Word);
      continue;
    }
    if (is_nil(word) || (atoms && is_atom(word))) continue;
    return is_sound_deep_tuple(block, arity, words, atoms);
  }
  return payload == words;
}

}  // namespace heirloom::term
