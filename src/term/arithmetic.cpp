// SPDX-License-Identifier: Apache-2.0
#include "term/arithmetic.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>

#include "term/integer.hpp"

namespace heirloom::term {

namespace {

using Big = boost::multiprecision::cpp_int;

Big to_big(TermView integer) {
  const Word word = integer.word();
  if (is_small(word)) return Big(small_value(word));
  const Word* limbs = payload_of(integer.base(), word);
  Big value;
  import_bits(value, limbs, limbs + size_of(integer.base(), word), 64, false);
  return is_kind(word, Kind::negative_integer) ? Big(-value) : value;
}

Term to_term(const Big& integer) {
  std::vector<Word> limbs;
  export_bits(Big(abs(integer)), std::back_inserter(limbs), 64, false);
  return make_integer(integer < 0, limbs);
}

bool is_float(TermView number) noexcept { return is_kind(number.word(), Kind::floating); }
bool is_number(TermView term) noexcept { return is_integer(term.word()) || is_float(term); }

std::optional<Term> finite(double value) { return std::isfinite(value) ? std::optional(Term(value)) : std::nullopt; }

std::optional<Term> calculate_floats(Operator operation, double left, double right) {
  switch (operation) {
    case Operator::add: return finite(left + right);
    case Operator::subtract: return finite(left - right);
    case Operator::multiply: return finite(left * right);
    case Operator::divide: return right == 0 ? std::nullopt : finite(left / right);
    default: return std::nullopt;
  }
}

// Both up to 60 bits.
std::optional<Term> calculate_small(Operator operation, std::int64_t left, std::int64_t right) {
  switch (operation) {
    case Operator::add: return Term(left + right);
    case Operator::subtract: return Term(left - right);
    case Operator::quotient: return right == 0 ? std::nullopt : std::optional(Term(left / right));
    case Operator::remainder: return right == 0 ? std::nullopt : std::optional(Term(left % right));
    case Operator::bit_and: return Term(left & right);
    case Operator::bit_or: return Term(left | right);
    case Operator::bit_xor: return Term(left ^ right);
    default: return std::nullopt;
  }
}

// To the left by so many bits, or to the right, where what is shifted out is lost downwards.
Term shifted(TermView integer, std::int64_t bits) {
  const Big value = to_big(integer);
  if (value == 0) return Term(0);
  if (bits >= 0) {
    if (static_cast<std::uint64_t>(bits) >= 64 * kLimbsMax) refuse_integer();
    return to_term(value << static_cast<unsigned>(bits));
  }
  const auto right = static_cast<unsigned>(std::min<std::uint64_t>(magnitude_of(bits), 64 * kLimbsMax));
  if (value > 0) return to_term(value >> right);
  return to_term(-((-value - 1) >> right) - 1);
}

Term shifted(TermView integer, TermView count, bool left) {
  constexpr std::int64_t kFar = std::int64_t{1} << 59;
  std::int64_t bits = is_small(count.word())                          ? small_value(count.word())
                      : is_kind(count.word(), Kind::negative_integer) ? -kFar
                                                                      : kFar;
  return shifted(integer, left ? bits : -bits);
}

std::optional<Term> calculate_integers(Operator operation, TermView left, TermView right) {
  const bool by_zero = right.word() == make_small(0);
  switch (operation) {
    case Operator::add: return to_term(to_big(left) + to_big(right));
    case Operator::subtract: return to_term(to_big(left) - to_big(right));
    case Operator::multiply: return to_term(to_big(left) * to_big(right));
    case Operator::quotient: return by_zero ? std::nullopt : std::optional(to_term(to_big(left) / to_big(right)));
    case Operator::remainder: return by_zero ? std::nullopt : std::optional(to_term(to_big(left) % to_big(right)));
    case Operator::bit_and: return to_term(to_big(left) & to_big(right));
    case Operator::bit_or: return to_term(to_big(left) | to_big(right));
    case Operator::bit_xor: return to_term(to_big(left) ^ to_big(right));
    case Operator::shift_left: return shifted(left, right, true);
    case Operator::shift_right: return shifted(left, right, false);
    case Operator::divide: break;
  }
  return std::nullopt;
}

// Of a float that is a whole number.
Term to_integer(double whole) {
  if (std::abs(whole) < 0x1p62) return Term(static_cast<std::int64_t>(whole));
  return to_term(Big(whole));
}

std::optional<Term> calculate_float(Unary operation, double value) {
  switch (operation) {
    case Unary::plus:
    case Unary::to_float: return Term(value);
    case Unary::negate: return Term(-value);
    case Unary::absolute: return Term(std::abs(value));
    case Unary::round: return to_integer(std::round(value));
    case Unary::truncate: return to_integer(std::trunc(value));
    case Unary::ceiling: return to_integer(std::ceil(value));
    case Unary::floor: return to_integer(std::floor(value));
    case Unary::bit_not: break;
  }
  return std::nullopt;
}

std::optional<Term> calculate_integer(Unary operation, TermView integer) {
  switch (operation) {
    case Unary::negate: return to_term(-to_big(integer));
    case Unary::bit_not: return to_term(-to_big(integer) - 1);
    case Unary::absolute: return to_term(abs(to_big(integer)));
    case Unary::to_float: {
      const std::optional<double> value = to_double(integer);
      return value ? std::optional(Term(*value)) : std::nullopt;
    }
    default: return Term(integer);
  }
}

}  // namespace

Term add(TermView left, TermView right) { return *calculate(Operator::add, left, right); }

std::optional<Term> calculate(Operator operation, TermView left, TermView right) {
  if (is_small(left.word()) && is_small(right.word())) {
    const auto result = calculate_small(operation, small_value(left.word()), small_value(right.word()));
    if (result) return result;
  }
  if (!is_number(left) || !is_number(right)) return std::nullopt;
  if (operation != Operator::divide && !is_float(left) && !is_float(right))
    return calculate_integers(operation, left, right);
  const std::optional<double> a = to_double(left);
  const std::optional<double> b = to_double(right);
  return a && b ? calculate_floats(operation, *a, *b) : std::nullopt;
}

std::optional<Term> calculate(Unary operation, TermView number) {
  if (is_float(number)) return calculate_float(operation, number.as_double());
  if (is_integer(number.word())) return calculate_integer(operation, number);
  return std::nullopt;
}

// From the highest 64 bits, of which the last one tells whether there is anything behind them: so it is rounded once.
std::optional<double> to_double(TermView number) {
  const Word word = number.word();
  if (is_small(word)) return static_cast<double>(small_value(word));
  if (is_float(number)) return number.as_double();
  if (!is_integer(word)) return std::nullopt;
  const Word* limbs = payload_of(number.base(), word);
  const std::uint64_t count = size_of(number.base(), word);
  const auto unused = static_cast<unsigned>(std::countl_zero(limbs[count - 1]));
  Word top = limbs[count - 1] << unused;
  bool more = false;
  if (count > 1) {
    if (unused != 0) top |= limbs[count - 2] >> (64 - unused);
    more = limbs[count - 2] << unused != 0;
    for (std::uint64_t i = 0; !more && i + 2 < count; ++i) more = limbs[i] != 0;
  }
  if (more) top |= 1;
  const auto exponent = static_cast<std::int64_t>(64 * (count - 1)) - static_cast<std::int64_t>(unused);
  const double magnitude =
      exponent > 1024 ? HUGE_VAL : std::ldexp(static_cast<double>(top), static_cast<int>(exponent));
  if (!std::isfinite(magnitude)) return std::nullopt;
  return is_kind(word, Kind::negative_integer) ? -magnitude : magnitude;
}

}  // namespace heirloom::term
