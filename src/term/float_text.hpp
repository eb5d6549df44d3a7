// SPDX-License-Identifier: Apache-2.0
//
// Floats as Erlang writes them: the fewest digits that read back as the same number.
#pragma once

#include <optional>
#include <string>

namespace heirloom::term {

// Requires a finite number.
void append_float(std::string& out, double number);

// What digits with a point between them, and after an `e` an exponent, mean; nothing beyond the largest float. Too small a
// number is 0, as in C and Erlang.
[[nodiscard]] std::optional<double> float_of_text(const std::string& text);

}  // namespace heirloom::term
