// SPDX-License-Identifier: Apache-2.0
//
// Strategy: the edges of each operation by hand, and what must hold of any integers. That all of it is what Erlang says is the
// business of tests/oracle, where guards and bodies calculate.
#include "term/arithmetic.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error_fixture.hpp"
#include "term/random_term.hpp"

namespace heirloom::term {
namespace {

std::string said(const std::optional<Term>& result) { return result ? to_string(*result) : "badarith"; }
std::string of(Operator operation, const char* left, const char* right) {
  return said(calculate(operation, parse(left), parse(right)));
}
std::string of(Unary operation, const char* number) { return said(calculate(operation, parse(number))); }

TEST(Arithmetic, OfSmallAndLargeIntegersIsExact) {
  EXPECT_EQ(of(Operator::add, "576460752303423487", "1"), "576460752303423488");
  EXPECT_EQ(of(Operator::subtract, "-576460752303423488", "1"), "-576460752303423489");
  EXPECT_EQ(of(Operator::multiply, "1000000000000", "1000000000000"), "1000000000000000000000000");
  EXPECT_EQ(of(Operator::subtract, "100000000000000000000", "100000000000000000000"), "0");
}

TEST(Arithmetic, DividesTowardsZero) {
  EXPECT_EQ(of(Operator::quotient, "-7", "2"), "-3");
  EXPECT_EQ(of(Operator::remainder, "-7", "2"), "-1");
  EXPECT_EQ(of(Operator::quotient, "-100000000000000000007", "2"), "-50000000000000000003");
  EXPECT_EQ(of(Operator::remainder, "-100000000000000000007", "2"), "-1");
  EXPECT_EQ(of(Operator::divide, "7", "2"), "3.5");
  for (const char* zero : {"0", "0.0"}) EXPECT_EQ(of(Operator::divide, "7", zero), "badarith");
  EXPECT_EQ(of(Operator::quotient, "7", "0"), "badarith");
  EXPECT_EQ(of(Operator::remainder, "100000000000000000000", "0"), "badarith");
}

TEST(Arithmetic, OfBitsTakesNegativeIntegersAsEndlessOnes) {
  EXPECT_EQ(of(Operator::bit_and, "-1", "100000000000000000000"), "100000000000000000000");
  EXPECT_EQ(of(Operator::bit_or, "-100000000000000000000", "1"), "-99999999999999999999");
  EXPECT_EQ(of(Operator::bit_xor, "-1", "5"), "-6");
  EXPECT_EQ(of(Unary::bit_not, "100000000000000000000"), "-100000000000000000001");
  EXPECT_EQ(of(Operator::bit_and, "1.0", "1"), "badarith");
}

TEST(Arithmetic, ShiftsLoseBitsDownwards) {
  EXPECT_EQ(of(Operator::shift_left, "1", "70"), "1180591620717411303424");
  EXPECT_EQ(of(Operator::shift_right, "-5", "1"), "-3");
  EXPECT_EQ(of(Operator::shift_right, "-5", "1000000"), "-1");
  EXPECT_EQ(of(Operator::shift_left, "5", "-1"), "2");
  EXPECT_EQ(of(Operator::shift_left, "5", "-100000000000000000000"), "0");
  EXPECT_EQ(of(Operator::shift_left, "0", "100000000000000000000"), "0");
  EXPECT_EQ(code_of([] { static_cast<void>(of(Operator::shift_left, "1", "100000000000000000000")); }),
            ErrorCode::system_limit);
}

TEST(Arithmetic, OfFloatsIsFiniteOrNothing) {
  EXPECT_EQ(of(Operator::add, "1.5", "1"), "2.5");
  EXPECT_EQ(of(Operator::multiply, "1.0e300", "1.0e300"), "badarith");
  EXPECT_EQ(of(Operator::add, "a", "1"), "badarith");
  const std::string large = "1" + std::string(400, '0');
  EXPECT_EQ(of(Operator::add, large.c_str(), "1.0"), "badarith");
  EXPECT_EQ(of(Unary::to_float, large.c_str()), "badarith");
}

TEST(Arithmetic, RoundsAsItsNameSays) {
  EXPECT_EQ(of(Unary::round, "2.5"), "3");
  EXPECT_EQ(of(Unary::round, "-2.5"), "-3");
  EXPECT_EQ(of(Unary::truncate, "-2.5"), "-2");
  EXPECT_EQ(of(Unary::ceiling, "-2.5"), "-2");
  EXPECT_EQ(of(Unary::floor, "-2.5"), "-3");
  EXPECT_EQ(of(Unary::truncate, "1.0e22"), "10000000000000000000000");
  EXPECT_EQ(of(Unary::absolute, "-100000000000000000000"), "100000000000000000000");
  EXPECT_EQ(of(Unary::negate, "-576460752303423488"), "576460752303423488");
}

RC_GTEST_PROP(Arithmetic, QuotientAndRemainderMakeTheInteger, ()) {
  const Term a = *rc::gen::suchThat(random_number(), [](const Term& term) { return term.is_integer(); });
  const Term b =
      *rc::gen::suchThat(random_number(), [](const Term& term) { return term.is_integer() && term != Term(0); });
  const Term quotient = calculate(Operator::quotient, a, b).value();
  const Term product = calculate(Operator::multiply, quotient, b).value();
  RC_ASSERT(calculate(Operator::add, product, calculate(Operator::remainder, a, b).value()).value() == a);
}

RC_GTEST_PROP(Arithmetic, AFloatIsTheNearestOfItsInteger, ()) {
  const Term integer = *rc::gen::suchThat(random_number(), [](const Term& term) { return term.is_integer(); });
  const std::optional<double> nearest = to_double(integer);
  RC_PRE(nearest.has_value());
  // No float lies between them.
  const auto order = compare(Term(*nearest), integer);
  const double towards = std::nextafter(*nearest, order < 0 ? HUGE_VAL : -HUGE_VAL);
  if (order != 0 && std::isfinite(towards)) RC_ASSERT((compare(Term(towards), integer) < 0) != (order < 0));
}

}  // namespace
}  // namespace heirloom::term
