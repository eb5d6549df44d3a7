// SPDX-License-Identifier: Apache-2.0
//
// The order of terms by facts of Erlang that are known by hand, and by the laws of an order for random terms.
#include "term/compare.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "term/fun_fixture.hpp"
#include "term/hash.hpp"
#include "term/random_term.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

void expect_ascending(const std::vector<std::string>& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = 0; j < texts.size(); ++j) {
      EXPECT_EQ(compare(parse(texts[i]), parse(texts[j])), std::weak_ordering(i <=> j))
          << texts[i] << " and " << texts[j];
    }
  }
}

TEST(Compare, OrdersTheKindsAsErlang) {
  expect_ascending({"1", "a", "#Ref<0.1>", "fun m:f/1", "#Port<0.1>", "<0.1.0>", "{}", "#{}", "[]", "[1]", "<<>>"});
}

TEST(Compare, OrdersNumbersByValue) {
  expect_ascending({"-1.0e300", "-18446744073709551616", "-9223372036854775808", "-1.5", "-1", "0", "0.5", "1", "1.5",
                    "2", "576460752303423488", "9223372036854775807", "18446744073709551615", "18446744073709551616",
                    "1.0e300"});
}

TEST(Compare, IsExactBetweenIntegersAndFloatsBeyond53Bits) {
  expect_ascending({"9007199254740991", "9007199254740992.0", "9007199254740993", "9007199254740994.0"});
  expect_ascending({"36893488147419103231", "36893488147419103232.0", "36893488147419103233"});
  expect_ascending({"-36893488147419103233", "-36893488147419103232.0", "-36893488147419103231"});
  EXPECT_EQ(compare(parse("36893488147419103232"), parse("36893488147419103232.0")), std::weak_ordering::equivalent);
  EXPECT_EQ(compare(parse("0"), parse("5.0e-324")), std::weak_ordering::less);
  EXPECT_EQ(compare(parse("0"), parse("-5.0e-324")), std::weak_ordering::greater);
}

TEST(Compare, TakesAnIntegerAndAFloatOfTheSameValueForEquivalent) {
  EXPECT_EQ(compare(Term(1), Term(1.0)), std::weak_ordering::equivalent);
  EXPECT_EQ(compare(Term(0.0), Term(-0.0)), std::weak_ordering::equivalent);
  EXPECT_EQ(compare(parse("{1,a}"), parse("{1.0,a}")), std::weak_ordering::equivalent);
  EXPECT_FALSE(Term(1) == Term(1.0));
  EXPECT_FALSE(Term(0.0) == Term(-0.0));
  EXPECT_FALSE(parse("{1,a}") == parse("{1.0,a}"));
}

TEST(Compare, OrdersAtomsByText) { expect_ascending({"''", "'A'", "a", "aa", "b", "'\xC3\xA4'", "'\xE6\x97\xA5'"}); }

TEST(Compare, OrdersTuplesBySizeFirst) { expect_ascending({"{}", "{2}", "{1,1}", "{1,2}", "{2,1}", "{a,0,0}"}); }

TEST(Compare, OrdersListsCellByCell) {
  expect_ascending({"[]", "[1|a]", "[1|{}]", "[1]", "[1,1]", "[1,2|a]", "[1,2]", "[1,2,3]", "[1|<<>>]", "[2]", "[a]"});
}

TEST(Compare, OrdersBitstringsByBitsAndTheShorterFirst) {
  expect_ascending({"<<>>", "<<0:1>>", "<<0:7>>", "<<0>>", "<<1>>", "<<1,2>>", "<<1,128>>", "<<2>>", "<<127>>",
                    "<<1:1>>", "<<128>>", "<<1:1,1:1>>", "<<200>>"});
}

TEST(Compare, OrdersMapsBySizeThenKeysThenValues) {
  expect_ascending(
      {"#{}", "#{z => 1}", "#{a => 1, b => 2}", "#{a => 1, b => 3}", "#{a => 2, b => 1}", "#{a => 0, c => 0}"});
  // Among keys each integer comes before each float; among values they compare by value.
  expect_ascending({"#{2 => x}", "#{1.0 => x}"});
  EXPECT_EQ(compare(parse("#{a => 1}"), parse("#{a => 1.0}")), std::weak_ordering::equivalent);
  EXPECT_EQ(compare(parse("#{{1} => a}"), parse("#{{1.0} => a}")), std::weak_ordering::less);
  EXPECT_EQ(compare(parse("#{b => #{1 => 2}}"), parse("#{b => #{1 => 2.0}}")), std::weak_ordering::equivalent);
}

TEST(Compare, OrdersPidsByProgramAndIndex) { expect_ascending({"<0.1.0>", "<0.1.1>", "<0.2.0>"}); }

TEST(Compare, OrdersForeignPidsBehindItsOwnBySerialIdNodeAndCreation) {
  expect_ascending({"<0.9.9>", "<b@h/9.1.1>", "<a@h/1.2.1>", "<a@h/2.2.1>", "<b@h/1.2.1>", "<a@h/1.1.2>"});
}

TEST(Compare, OrdersForeignPortsByNodeCreationAndNumber) {
  expect_ascending(
      {"#Port<0.7>", "#Port<a@h/1.2>", "#Port<a@h/1.9223372036854775808>", "#Port<a@h/2.1>", "#Port<b@h/1.1>"});
}

TEST(Compare, OrdersForeignReferencesByNodeCreationAndTheLastNumberFirst) {
  expect_ascending({"#Ref<0.9.9.9>", "#Ref<a@h/1.9.9>", "#Ref<a@h/1.1.2.3>", "#Ref<a@h/1.1.3.2>", "#Ref<a@h/1.2.1.1>",
                    "#Ref<a@h/2.1>", "#Ref<b@h/1.1>"});
}

Term fun_with(const Term& module, int index, int old_uniq, Pid creator, const std::vector<Term>& free) {
  std::vector<Term> elements{module, index, old_uniq, 1, index, std::string(16, 'u'), creator};
  elements.insert(elements.end(), free.begin(), free.end());
  return fun_of(elements);
}

TEST(Compare, OrdersFunsByModuleNumbersAndFreeVariablesAndExportsBehind) {
  const Term a = "a"_atom;
  const Term b = "b"_atom;
  const std::vector<Term> ascending{fun_with(a, 1, 2, {9, 9}, {}),
                                    fun_with(a, 1, 2, {1, 1}, {5}),
                                    fun_with(a, 1, 2, {1, 1}, {6}),
                                    fun_with(a, 1, 2, {1, 1}, {1, 1}),
                                    fun_with(a, 1, 3, {1, 1}, {}),
                                    fun_with(a, 2, 1, {1, 1}, {}),
                                    fun_with(b, 1, 1, {1, 1}, {}),
                                    parse("fun a:b/2"),
                                    parse("fun a:c/1"),
                                    parse("fun b:a/1")};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(compare(ascending[i], ascending[j]), std::weak_ordering(i <=> j)) << i << " and " << j;
    }
  }
}

TEST(Compare, TakesFunsThatDifferOnlyByTheirCreatorForEqual) {
  const Term one = fun_with("m"_atom, 1, 2, {1, 1}, {5});
  const Term other = fun_with("m"_atom, 1, 2, {2, 2}, {5});
  EXPECT_TRUE(one == other);
  EXPECT_EQ(compare(one, other), std::weak_ordering::equivalent);
  EXPECT_EQ(hash(one, 1), hash(other, 1));
  EXPECT_EQ(compare(one, fun_with("m"_atom, 1, 2, {1, 1}, {5.0})), std::weak_ordering::equivalent);
  EXPECT_FALSE(one == fun_with("m"_atom, 1, 2, {1, 1}, {5.0}));
}

RC_GTEST_PROP(Compare, OfATermWithItselfIsEquivalent, (const Term& term)) {
  RC_ASSERT((compare(term, term) == 0));
  RC_ASSERT((compare(term, term, Numbers::by_type) == 0));
  RC_ASSERT(term == term);
}

RC_GTEST_PROP(Compare, OfNumbersIsExact, ()) {
  const Term left = *random_number();
  const Term right = *random_number();
  RC_ASSERT((compare(left, right) == 0 <=> compare(right, left)));
  if (left.is_integer() && right.is_float()) {
    const double value = right.as_double();
    if (std::fabs(value) < 1e15) {
      // As far as doubles tell the truth: compare with both neighbouring integers.
      const auto below = static_cast<std::int64_t>(std::floor(value));
      RC_ASSERT((compare(left, right) < 0) == (compare(left, Term(below + (value != std::floor(value)))) < 0));
    }
  }
}

RC_GTEST_PROP(Compare, ByTypeAgreesWithEquality, (const Term& left, const Term& right)) {
  RC_ASSERT((compare(left, right, Numbers::by_type) == 0) == (left == right));
}

RC_GTEST_PROP(Compare, IsAnOrder, (const Term& a, const Term& b, const Term& c)) {
  for (const Numbers numbers : {Numbers::by_value, Numbers::by_type}) {
    const auto ab = compare(a, b, numbers);
    const auto bc = compare(b, c, numbers);
    RC_ASSERT((ab == 0 <=> compare(b, a, numbers)));
    if (ab <= 0 && bc <= 0) RC_ASSERT((compare(a, c, numbers) <= 0));
    if (ab >= 0 && bc >= 0) RC_ASSERT((compare(a, c, numbers) >= 0));
  }
}

// Random terms of one shape, which differ in little, meet the deeper rules more often than any two terms.
RC_GTEST_PROP(Compare, IsAnOrderOfListsAndMapsOfFewValues, ()) {
  const auto few = rc::gen::element(Term(1), Term(1.0), Term(2), Term(), Term("a"_atom), list({1}), Term(""));
  const auto several = rc::gen::container<std::vector<Term>>(few);
  const auto make = [&] {
    const auto elements = *several;
    const Term tail = *few;
    std::vector<std::pair<Term, Term>> pairs;
    for (const Term& element : elements) pairs.emplace_back(element, tail);
    return *rc::gen::arbitrary<bool>() ? improper_list(elements, tail) : map(pairs);
  };
  const Term a = make();
  const Term b = make();
  const Term c = make();
  if (compare(a, b) <= 0 && compare(b, c) <= 0) RC_ASSERT((compare(a, c) <= 0));
  RC_ASSERT((compare(a, b, Numbers::by_type) == 0) == (a == b));
}

}  // namespace
}  // namespace heirloom::term
