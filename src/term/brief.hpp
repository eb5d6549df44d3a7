// SPDX-License-Identifier: Apache-2.0
//
// Terms as text for a line of a log: never long, nor long in the making.
#pragma once

#include <cstddef>
#include <string>

#include "heirloom/term.hpp"

namespace heirloom::term {

// As to_string(), but at most so many bytes: of a longer text the beginning, in whole characters of UTF-8, and "...".
// `bytes_max` is at least 3.
[[nodiscard]] std::string to_brief_string(TermView view, std::size_t bytes_max);

}  // namespace heirloom::term
