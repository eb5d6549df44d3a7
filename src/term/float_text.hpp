// SPDX-License-Identifier: Apache-2.0
//
// Floats as Erlang writes them: the fewest digits that read back as the same number.
#pragma once

#include <string>

namespace heirloom::term {

// Requires a finite number.
void append_float(std::string& out, double number);

}  // namespace heirloom::term
