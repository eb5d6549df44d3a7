// SPDX-License-Identifier: Apache-2.0
//
// What the heads of a program say of the keys of the objects that they match.
#pragma once

#include <cstddef>

#include "match/program.hpp"
#include "term/key_range.hpp"

namespace heirloom::matching {

// The keys that objects can have to which a clause applies. Guards do not count. `ordered`: keys are equal by ==.
[[nodiscard]] term::KeyRange key_range_of(const Program& program, std::size_t keypos, bool ordered);

}  // namespace heirloom::matching
