// SPDX-License-Identifier: Apache-2.0
//
// Erlang's arithmetic: integers of any size, floats, and both mixed. What raises badarith in Erlang is nothing here, and what
// raises system_limit throws Error{system_limit}.
#pragma once

#include <optional>

#include "heirloom/term.hpp"

namespace heirloom::term {

// The sum of two integers of any size. Requires integers.
[[nodiscard]] Term add(TermView left, TermView right);

enum class Operator {
  add,
  subtract,
  multiply,
  divide,
  quotient,
  remainder,
  bit_and,
  bit_or,
  bit_xor,
  shift_left,
  shift_right
};
// `left Operator right`: + - * / div rem band bor bxor bsl bsr.
[[nodiscard]] std::optional<Term> calculate(Operator operation, TermView left, TermView right);

enum class Unary { plus, negate, bit_not, absolute, to_float, round, truncate, ceiling, floor };
// + - bnot abs float round trunc ceil floor.
[[nodiscard]] std::optional<Term> calculate(Unary operation, TermView number);

// The nearest float, of an integer up to its size; nothing beyond.
[[nodiscard]] std::optional<double> to_double(TermView number);

}  // namespace heirloom::term
