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

}  // namespace heirloom::term
