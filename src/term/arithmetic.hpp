// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "heirloom/term.hpp"

namespace heirloom::term {

// The sum of two integers of any size. Requires integers; throws Error{system_limit} as make_integer().
[[nodiscard]] Term add(TermView left, TermView right);

}  // namespace heirloom::term
