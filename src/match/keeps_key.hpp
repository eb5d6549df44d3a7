// SPDX-License-Identifier: Apache-2.0
//
// ets:select_replace/2 takes only specifications of which is known, before any object is looked at, that they keep its key.
#pragma once

#include <cstddef>

#include "match/program.hpp"

namespace heirloom::matching {

// Whether each clause does: its body is one expression, which is the object itself; or a tuple, made or constant, with the key
// pattern of the head at its place, or {element,Keypos,'$_'}.
[[nodiscard]] bool keeps_key(const Program& program, std::size_t keypos);

}  // namespace heirloom::matching
