// SPDX-License-Identifier: Apache-2.0
//
// A prefix must never contradict the order of terms.
#include "term/order_prefix.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "term/compare.hpp"
#include "term/random_term.hpp"

namespace heirloom::term {
namespace {

bool agree(const Term& left, const Term& right) {
  const std::uint64_t a = order_prefix(left);
  const std::uint64_t b = order_prefix(right);
  const auto order = compare(left.view(), right.view(), Numbers::by_value);
  if (order == 0) return a == b;
  return order < 0 ? a <= b : a >= b;
}

TEST(OrderPrefix, AgreesWithTheOrderOfNumbers) {
  std::vector<Term> numbers;
  for (const char* text : {"0",
                           "0.0",
                           "-0.0",
                           "1",
                           "1.0",
                           "-1",
                           "-1.0",
                           "0.5",
                           "5.0e-324",
                           "-5.0e-324",
                           "1.7976931348623157e308",
                           "-1.7976931348623157e308",
                           "9007199254740991",
                           "9007199254740992.0",
                           "9007199254740993",
                           "9007199254740994.0",
                           "576460752303423487",
                           "576460752303423488",
                           "-576460752303423489",
                           "18446744073709551615",
                           "18446744073709551616",
                           "18446744073709551616.0",
                           "18446744073709551617",
                           "36893488147419103231",
                           "36893488147419103232.0",
                           "36893488147419103233",
                           "27670116110564327424",
                           "27670116110564327425",
                           "27670116110564327424.0",
                           "-36893488147419103231",
                           "-36893488147419103232.0",
                           "-36893488147419103233"}) {
    numbers.push_back(parse(text));
  }
  std::string huge = "1";
  for (int zeros = 0; zeros < 400; ++zeros) huge += '0';
  numbers.push_back(parse(huge));
  numbers.push_back(parse("-" + huge));
  for (const Term& left : numbers) {
    for (const Term& right : numbers) EXPECT_TRUE(agree(left, right)) << to_string(left) << " and " << to_string(right);
  }
}

TEST(OrderPrefix, TellsApartWhatKeysAreMostly) {
  const auto differ = [](const char* left, const char* right) {
    EXPECT_LT(order_prefix(parse(left)), order_prefix(parse(right))) << left << " and " << right;
  };
  differ("1", "2");
  differ("281474976710655", "281474976710656");
  differ("-281474976710656", "-281474976710655");
  differ("0", "5.0e-300");
  differ("alice", "bob");
  differ("session", "session1");
  differ("<<\"alice\">>", "<<\"bob\">>");
  differ("{1}", "{2}");
  differ("{user,9}", "{visit,1}");
  differ("{a,9}", "{a,1,1}");
  differ("[1,9]", "[2]");
  differ("{{1,2},3}", "{{2,1},3}");
  differ("#{}", "#{a => 1}");
}

TEST(OrderPrefix, IsThatOfATermWhereverItLies) {
  const Term outer = parse("{x,{user,12},[{a,b}],<<\"bytes\">>,18446744073709551616}");
  for (std::size_t i = 1; i <= outer.size(); ++i) {
    EXPECT_EQ(order_prefix(outer.element(i)), order_prefix(Term(outer.element(i)))) << i;
  }
}

RC_GTEST_PROP(OrderPrefix, AgreesWithTheOrder, (const Term& left, const Term& right)) {
  RC_ASSERT(agree(left, right));
  RC_ASSERT(agree(left, left));
  RC_ASSERT(agree(tuple({left, right}), tuple({right, left})));
}

}  // namespace
}  // namespace heirloom::term
