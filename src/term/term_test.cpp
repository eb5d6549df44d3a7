// SPDX-License-Identifier: Apache-2.0
//
// The public face of terms: what each C++ value becomes, and what reading gives back or refuses.
#include "heirloom/term.hpp"

#include <cmath>
#include <limits>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include "base/error_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;

TEST(Term, MakesOfEachCppValueTheKindThatItMeans) {
  EXPECT_EQ(Term().kind(), TermKind::nil);
  EXPECT_EQ(Term(1).kind(), TermKind::integer);
  EXPECT_EQ(Term('a').as_int64(), 97);
  EXPECT_EQ(Term(1.5).kind(), TermKind::floating);
  EXPECT_EQ(Term(true), Term("true"_atom));
  EXPECT_EQ(Term(false).as_bool(), false);
  EXPECT_EQ(Term("text").view().as_binary(), "text");
  EXPECT_EQ(Term(std::string("text")), Term(std::string_view("text")));
  EXPECT_EQ(Term("a"_atom).as_atom(), "a"_atom);
  EXPECT_EQ(Term(Pid{3, 7}).as_pid(), (Pid{3, 7}));
  EXPECT_EQ((Term{1, "x", "y"_atom}).kind(), TermKind::tuple);
  EXPECT_EQ(list({1, 2}).kind(), TermKind::list);
  EXPECT_EQ(map({{1, 2}}).kind(), TermKind::map);
}

TEST(Term, DoesNotTakeAPointerForABoolean) {
  static_assert(!std::is_constructible_v<Term, int*>);
  static_assert(!std::is_constructible_v<Term, std::nullptr_t>);
}

TEST(Term, HoldsEveryIntegerOf64Bits) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, (std::int64_t{1} << 59) - 1, std::int64_t{1} << 59, -(std::int64_t{1} << 59),
        -(std::int64_t{1} << 59) - 1, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(Term(value).as_int64(), value);
    EXPECT_TRUE(Term(value).is_int64());
  }
  const auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(Term(most).as_uint64(), most);
  EXPECT_EQ(code_of([&] { (void)Term(most).as_int64(); }), ErrorCode::system_limit);
  for (const Term& other :
       {Term(most), parse("9223372036854775808"), parse("-9223372036854775809"), Term(1.0), Term("text")})
    EXPECT_FALSE(other.is_int64()) << to_string(other);
  EXPECT_EQ(code_of([&] { (void)Term(-1).as_uint64(); }), ErrorCode::system_limit);
}

TEST(Term, RefusesNumbersThatErlangDoesNotHave) {
  EXPECT_EQ(code_of([] { Term term(std::nan("")); }), ErrorCode::badarg);
  EXPECT_EQ(code_of([] { Term term(std::numeric_limits<double>::infinity()); }), ErrorCode::badarg);
}

TEST(Term, RefusesToBeReadAsAnotherKind) {
  EXPECT_EQ(code_of([] { (void)Term("text").as_int64(); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)Term(1).as_double(); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)Term(1).as_atom(); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)Term("a"_atom).as_bool(); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)Term(1).as_pid(); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)Term(1).size(); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)bitstring("a", 3).view().as_binary(); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)list({1}).element(1); }), ErrorCode::type);
  EXPECT_EQ(code_of([] { (void)Term(1).view().keys(); }), ErrorCode::type);
}

TEST(Term, CountsPositionsFromOneAndIndexesFromZero) {
  const Term tuple{"a"_atom, 2, "three"};
  EXPECT_EQ(tuple.size(), 3U);
  EXPECT_EQ(tuple.element(1).as_atom(), "a"_atom);
  EXPECT_EQ(tuple.element(3).as_binary(), "three");
  EXPECT_EQ(tuple[1].as_int64(), 2);
  EXPECT_EQ(list({7, 8})[1].as_int64(), 8);
  EXPECT_EQ(code_of([&] { (void)tuple.element(0); }), ErrorCode::position);
  EXPECT_EQ(code_of([&] { (void)tuple.element(4); }), ErrorCode::position);
  EXPECT_EQ(code_of([&] { (void)tuple[3]; }), ErrorCode::position);
}

TEST(Term, GoesThroughTheElementsOfTuplesAndLists) {
  std::int64_t sum = 0;
  const Term numbers = list({1, 2, 3});
  for (const TermView element : numbers.elements()) sum += element.as_int64();
  EXPECT_EQ(sum, 6);
  EXPECT_TRUE(Term().view().elements().empty());
  EXPECT_TRUE(tuple({}).view().elements().empty());
}

TEST(Term, FindsTheValuesOfAMapByExactKeys) {
  const Term prices = map({{"tea", 3}, {1, "integer"}, {1.0, "float"}, {"x"_atom, Term{1, 2}}});
  EXPECT_EQ(prices.size(), 4U);
  EXPECT_EQ(prices.find("tea")->as_int64(), 3);
  EXPECT_EQ(prices.find(1)->as_binary(), "integer");
  EXPECT_EQ(prices.find(1.0)->as_binary(), "float");
  EXPECT_EQ(prices.find("x"_atom)->size(), 2U);
  EXPECT_FALSE(prices.find("coffee"));
}

TEST(Term, LetsTheLastOfEqualKeysCount) {
  EXPECT_EQ(map({{"a"_atom, 1}, {"b"_atom, 2}, {"a"_atom, 3}}), map({{"b"_atom, 2}, {"a"_atom, 3}}));
}

TEST(Term, JoinsAListToTheListInItsTail) {
  const std::vector<Term> one{1};
  EXPECT_EQ(improper_list(one, list({2, 3})), list({1, 2, 3}));
  EXPECT_EQ(improper_list(one, Term()), list({1}));
  const Term improper = improper_list(one, 2);
  EXPECT_TRUE(improper.is_list());
  EXPECT_FALSE(improper.is_proper_list());
  EXPECT_EQ(improper.size(), 1U);
  EXPECT_EQ(improper.tail().as_int64(), 2);
  EXPECT_EQ(improper_list(one, improper).tail().as_int64(), 2);
  EXPECT_EQ(improper_list(one, improper).size(), 2U);
  EXPECT_TRUE(list({1}).tail().is_nil());
}

TEST(Term, KeepsBitsThatAreNoWholeBytes) {
  const Term bits = bitstring("\xFF\xFF", 11);
  EXPECT_TRUE(bits.is_bitstring());
  EXPECT_FALSE(bits.is_binary());
  EXPECT_EQ(bits.bit_size(), 11U);
  EXPECT_EQ(bits.size(), 2U);
  EXPECT_EQ(bits, bitstring("\xFF\xE0", 11));
  EXPECT_EQ(bitstring("ab", 8), Term("a"));
  EXPECT_EQ(code_of([] { (void)bitstring("a", 9); }), ErrorCode::badarg);
}

TEST(Term, CopiesAndMovesShortAndLongBlocks) {
  for (const Term& term : {Term(7), Term{1, 2, "three"}, Term(std::string(1000, 'x'))}) {
    Term copy = term;
    EXPECT_EQ(copy, term);
    Term moved = std::move(copy);
    EXPECT_EQ(moved, term);
    EXPECT_TRUE(copy.is_nil());  // NOLINT: what a moved-from term is, is part of the contract
    copy = moved;
    EXPECT_EQ(copy, moved);
    copy = *&copy;
    EXPECT_EQ(copy, moved);
    copy = Term(1);
    EXPECT_EQ(copy, Term(1));
  }
}

TEST(Term, MakesATupleOfBraces) {
  const Term one(1);
  EXPECT_EQ(tuple({one}).size(), 1U);
  EXPECT_EQ(Term{1}.size(), 1U);
  EXPECT_TRUE(Term(one).is_integer());
  EXPECT_TRUE(Term{}.is_nil());
}

TEST(Term, ComparesWithPlainValues) {
  const Term term{"a"_atom, 5};
  EXPECT_TRUE(term.element(2) == 5);
  EXPECT_TRUE("a"_atom == term.element(1));
  EXPECT_TRUE(Term("x") == "x");
  EXPECT_FALSE(term == 5);
  EXPECT_TRUE(term == term.view());
}

TEST(Term, CutsAnElementOutOfADeepTermAsABlockOfItsOwn) {
  const Term whole{1, list({Term{"a"_atom, "bytes"}, Term{2.5, map({{1, list({1, 2})}})}}), "behind"};
  const Term part(whole.element(2)[1]);
  EXPECT_EQ(part, (Term{2.5, map({{1, list({1, 2})}})}));
  EXPECT_EQ(part.block().size(), 1U + 2 + 2 + 2 + 1);
}

TEST(Term, IsAKeyOfHashedContainers) {
  const std::unordered_set<Term> set{Term{1, 2}, Term{1, 2}, Term{1.0, 2}};
  EXPECT_EQ(set.size(), 2U);
}

}  // namespace
}  // namespace heirloom
