// SPDX-License-Identifier: Apache-2.0
//
// Erlang's order of terms, and equality. No function here recurses: a term may nest as deep as memory goes.
#pragma once

#include <compare>

#include "heirloom/term.hpp"

namespace heirloom::term {

// How an integer and a float compare: `==` by value, where 1 and 1.0 are equivalent; or as the keys of a map are ordered,
// each integer before each float, and -0.0 before 0.0. The second order is total and agrees with `=:=`.
enum class Numbers { by_value, by_type };

[[nodiscard]] std::weak_ordering compare(TermView left, TermView right, Numbers numbers);

}  // namespace heirloom::term
