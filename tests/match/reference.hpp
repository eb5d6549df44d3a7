// SPDX-License-Identifier: Apache-2.0
//
// Match specifications as one would write an interpreter for them that has no time to lose and none to win: it goes through the
// terms and calls itself. What the compiler and its machine are compared with.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "heirloom/term.hpp"

namespace heirloom::match_test {

// What a right specification says of an object; nothing: no clause applies.
std::optional<Term> interpret(const Term& object, const Term& spec);

}  // namespace heirloom::match_test
