// SPDX-License-Identifier: Apache-2.0
//
// Integers of any size as digits, both ways.
#pragma once

#include <string>
#include <string_view>

#include "heirloom/term.hpp"

namespace heirloom::term {

// Requires at least one digit, all of them below `base` (2 to 36). Throws Error{system_limit} as make_integer().
[[nodiscard]] Term integer_of_digits(std::string_view digits, unsigned base);

[[nodiscard]] Term negated(TermView integer);

// In decimal.
void append_integer(std::string& out, TermView integer);

}  // namespace heirloom::term
