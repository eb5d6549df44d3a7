// SPDX-License-Identifier: Apache-2.0
//
// From the ids of a space to those of this program: the map that copies into a Term use.
#pragma once

#include <cstdint>

#include "heirloom/atom.hpp"

namespace heirloom::term {

struct ToProgram {
  const AtomSpace* from;
  std::uint32_t operator()(std::uint32_t id) const { return from != nullptr ? from->to_atom(id).id() : id; }
};

}  // namespace heirloom::term
