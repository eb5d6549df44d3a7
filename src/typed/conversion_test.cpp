// SPDX-License-Identifier: Apache-2.0
//
// Strategy: for each kind of member the term that a value becomes, written in Erlang's syntax, and the same value read back
// from that text. The table in docs/values.md says the same.
#include <cstdint>
#include <limits>
#include <ostream>

#include <gtest/gtest.h>

#include "heirloom/typed.hpp"

#include "term/other_space.hpp"

// A type of some other library: not an aggregate, without a default, and with a name of its own.
namespace theirs {

class money {
 public:
  explicit money(std::int64_t cents) : cents_(cents) {}
  [[nodiscard]] std::int64_t cents() const noexcept { return cents_; }
  friend bool operator==(const money&, const money&) = default;

 private:
  std::int64_t cents_;
};

struct account {
  std::string iban;
  friend bool operator==(const account&, const account&) = default;
};

enum class permissions : unsigned { read = 1, write = 2, both = 3 };

}  // namespace theirs

template <>
struct heirloom::TermOf<theirs::money> {
  using Form = std::pair<Atom, std::int64_t>;
  static Form to_form(const theirs::money& value) { return {Atom("cents"), value.cents()}; }
  static std::optional<theirs::money> from_form(const Form& form) {
    if (form.first != Atom("cents") || form.second < 0) return std::nullopt;
    return theirs::money(form.second);
  }
};

template <>
inline constexpr std::string_view heirloom::kRecordName<theirs::account> = "Account";

template <>
struct heirloom::TermOf<theirs::permissions> : heirloom::AsInteger<theirs::permissions> {};

namespace heirloom {
namespace {

using namespace literals;
using namespace std::chrono_literals;

template <typename T>
void expect_both_ways(const T& value, std::string_view text) {
  const Term term = to_term(value);
  EXPECT_EQ(term, parse(text)) << term << " instead of " << text;
  EXPECT_TRUE(from_term<T>(parse(text)) == value) << text;
  EXPECT_TRUE(try_from_term<T>(parse(text)) == value) << text;
  // Also from where atoms have other ids, as in a table.
  term::OtherSpace space;
  const std::vector<term::Word> block = space.block_of(term);
  EXPECT_TRUE(from_term<T>(TermView::of_block(block.data(), &space)) == value) << text;
}

struct session {
  std::string user;
  std::int64_t hits;
  friend bool operator==(const session&, const session&) = default;
};

TEST(Typed, AStructIsTheRecordOfItsName) {
  expect_both_ways(session{"alice", 7}, "{session, <<\"alice\">>, 7}");
  expect_both_ways(session{"", 1LL << 60}, "{session, <<>>, 1152921504606846976}");
}

struct stopped {
  friend bool operator==(const stopped&, const stopped&) = default;
};
struct renamed {
  static constexpr std::string_view record_name = "web session";
  int x;
  friend bool operator==(const renamed&, const renamed&) = default;
};
template <typename T>
struct box {
  static constexpr std::string_view record_name = "box";
  T inside;
  friend bool operator==(const box&, const box&) = default;
};

TEST(Typed, ARecordMayHaveNoMembersOrAnotherName) {
  expect_both_ways(stopped{}, "{stopped}");
  expect_both_ways(renamed{3}, "{'web session', 3}");
  expect_both_ways(theirs::account{"DE1"}, "{'Account', <<\"DE1\">>}");
  expect_both_ways(box<box<int>>{{3}}, "{box, {box, 3}}");
  struct local {
    int x;
    bool operator==(const local&) const = default;
  };
  expect_both_ways(local{1}, "{local, 1}");
}

struct with_initial_values {
  Atom state = "new"_atom;
  int tries = 3;
  friend bool operator==(const with_initial_values&, const with_initial_values&) = default;
};
struct without_default {
  Atom state;
  theirs::money price;
  std::array<Atom, 2> both;
  std::pair<Atom, int> pair;
  friend bool operator==(const without_default&, const without_default&) = default;
};
struct with_const_member {
  const std::string id;
  int x;
  friend bool operator==(const with_const_member&, const with_const_member&) = default;
};

TEST(Typed, MembersNeedNeitherADefaultNorAnAssignment) {
  expect_both_ways(with_initial_values{}, "{with_initial_values, new, 3}");
  expect_both_ways(without_default{"a"_atom, theirs::money(5), {"b"_atom, "c"_atom}, {"d"_atom, 1}},
                   "{without_default, a, {cents, 5}, [b, c], {d, 1}}");
  expect_both_ways(with_const_member{"x", 1}, "{with_const_member, <<\"x\">>, 1}");
  EXPECT_EQ(to_term(std::vector<with_const_member>{{"x", 1}, {"y", 2}}),
            parse("[{with_const_member, <<\"x\">>, 1}, {with_const_member, <<\"y\">>, 2}]"));
  const auto read = from_term<std::vector<with_const_member>>(parse("[{with_const_member, <<\"x\">>, 1}]"));
  EXPECT_EQ(read.at(0), (with_const_member{"x", 1}));
}

TEST(Typed, IntegersOfEveryTypeAreIntegers) {
  expect_both_ways<std::int8_t>(-128, "-128");
  expect_both_ways<std::uint8_t>(255, "255");
  expect_both_ways<std::int16_t>(-32768, "-32768");
  expect_both_ways<std::uint32_t>(4294967295U, "4294967295");
  expect_both_ways(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  expect_both_ways(std::numeric_limits<std::int64_t>::max(), "9223372036854775807");
  expect_both_ways(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
  expect_both_ways((std::int64_t{1} << 59) - 1, "576460752303423487");
  expect_both_ways(std::int64_t{1} << 59, "576460752303423488");
  expect_both_ways(-(std::int64_t{1} << 59), "-576460752303423488");
  expect_both_ways(-(std::int64_t{1} << 59) - 1, "-576460752303423489");
  expect_both_ways('a', "97");
  expect_both_ways(1LL, "1");
}

TEST(Typed, FloatsAreFloats) {
  expect_both_ways(1.5, "1.5");
  expect_both_ways(-0.0, "-0.0");
  expect_both_ways(0.1, "0.1");
  expect_both_ways(0.5F, "0.5");
  EXPECT_EQ(from_term<float>(Term(0.1)), 0.1F) << "rounded";
}

TEST(Typed, BooleansAtomsAndPidsAreThat) {
  expect_both_ways(true, "true");
  expect_both_ways(false, "false");
  expect_both_ways("two words"_atom, "'two words'");
  expect_both_ways(Pid{3, 7}, "<0.3.7>");
}

TEST(Typed, TextAndBytesAreBinaries) {
  expect_both_ways(std::string("a\0b", 3), "<<97, 0, 98>>");
  expect_both_ways(std::string(100, 'x'), "<<\"" + std::string(100, 'x') + "\">>");
  expect_both_ways(std::vector<std::byte>{std::byte{1}, std::byte{255}}, "<<1, 255>>");
  expect_both_ways(std::vector<unsigned char>{1, 255}, "<<1, 255>>");
  expect_both_ways(std::vector<char>(), "<<>>");
  expect_both_ways(std::array<char, 3>{'a', 'b', 'c'}, "<<\"abc\">>");
  expect_both_ways(std::array<char, 0>(), "<<>>");
  EXPECT_EQ(to_term("literal"), Term("literal"));
  EXPECT_EQ(to_term(std::string_view("view")), Term("view"));
}

TEST(Typed, VectorsAndArraysAreLists) {
  expect_both_ways(std::vector<int>(), "[]");
  expect_both_ways(std::vector<int>{1, 2}, "[1, 2]");
  expect_both_ways(std::vector<bool>{true, false}, "[true, false]");
  expect_both_ways(std::vector<std::int8_t>{1, 2}, "[1, 2]");
  expect_both_ways(std::vector<std::vector<std::string>>{{}, {"a"}, {"b", "c"}},
                   "[[], [<<\"a\">>], [<<\"b\">>, <<\"c\">>]]");
  expect_both_ways(std::vector<Atom>{"a"_atom, "b"_atom}, "[a, b]");
  expect_both_ways(std::array<int, 2>{1, 2}, "[1, 2]");
  expect_both_ways(std::array<int, 0>(), "[]");
}

TEST(Typed, PairsAndTuplesAreTuples) {
  expect_both_ways(std::tuple<>(), "{}");
  expect_both_ways(std::tuple(1, std::string("a"), true), "{1, <<\"a\">>, true}");
  expect_both_ways(std::pair(1, std::pair(2.5, "x"_atom)), "{1, {2.5, x}}");
}

TEST(Typed, MapsAreMaps) {
  expect_both_ways(std::map<std::string, int>(), "#{}");
  expect_both_ways(std::map<std::string, int>{{"b", 2}, {"a", 1}, {"", 0}},
                   "#{<<>> => 0, <<\"a\">> => 1, <<\"b\">> => 2}");
  expect_both_ways(std::map<int, int, std::greater<>>{{1, 10}, {2, 20}, {-3, 30}}, "#{-3 => 30, 1 => 10, 2 => 20}");
  expect_both_ways(std::unordered_map<std::string, double>{{"b", 2.0}, {"a", 1.0}, {"c", 3.0}},
                   "#{<<\"a\">> => 1.0, <<\"b\">> => 2.0, <<\"c\">> => 3.0}");
  expect_both_ways(std::map<Atom, int>{{"b"_atom, 1}, {"a"_atom, 2}}, "#{a => 2, b => 1}");
  expect_both_ways(std::map<bool, int>{{true, 1}, {false, 0}}, "#{false => 0, true => 1}");
}

// As Erlang orders keys: integers before floats, atoms before tuples, tuples by size first.
TEST(Typed, MapsAreSortedAsErlangSortsThemWhateverTheKey) {
  using Key = std::variant<std::int64_t, double, std::string, std::tuple<int, int>, std::tuple<int>>;
  expect_both_ways(
      std::map<Key, int>{{std::tuple(1, 1), 1}, {std::tuple(9), 2}, {1.0, 3}, {std::int64_t{1}, 4}, {"a", 5}},
      "#{1 => 4, 1.0 => 3, {9} => 2, {1,1} => 1, <<\"a\">> => 5}");
  expect_both_ways(std::map<std::vector<int>, int>{{{1, 2}, 1}, {{3}, 2}, {{}, 3}},
                   "#{[] => 3, [1, 2] => 1, [3] => 2}");
}

enum class color { red, green = 3, dark_blue = 127 };
enum old_style : int { o_first, o_second };
namespace nested {
template <typename... Ts>
struct Outer {
  enum class mode : std::int8_t { fast = 1, slow };
};
}  // namespace nested

TEST(Typed, EnumsAreAtomsOfTheirNames) {
  expect_both_ways(color::red, "red");
  expect_both_ways(color::green, "green");
  expect_both_ways(color::dark_blue, "dark_blue");
  expect_both_ways(o_second, "o_second");
  expect_both_ways(nested::Outer<std::pair<int, int>, color>::mode::slow, "slow");
  expect_both_ways(theirs::permissions::both, "3");
}

struct absent {
  std::optional<int> nothing;
  std::optional<std::string> something;
  std::optional<Atom> atom;
  std::monostate none;
  friend bool operator==(const absent&, const absent&) = default;
};

TEST(Typed, WhatIsAbsentIsUndefined) {
  expect_both_ways(absent{{}, "x", "y"_atom, {}}, "{absent, undefined, <<\"x\">>, y, undefined}");
  expect_both_ways(std::vector<std::optional<int>>{1, {}, 3}, "[1, undefined, 3]");
}

struct login {
  std::string user;
  friend bool operator==(const login&, const login&) = default;
};
struct logout {
  std::string user;
  friend bool operator==(const logout&, const logout&) = default;
};

TEST(Typed, AVariantIsTheAlternativeThatItHolds) {
  using Event = std::variant<std::monostate, login, logout, std::int64_t, std::vector<login>>;
  expect_both_ways<Event>(login{"a"}, "{login, <<\"a\">>}");
  expect_both_ways<Event>(logout{"a"}, "{logout, <<\"a\">>}");
  expect_both_ways<Event>(std::int64_t{5}, "5");
  expect_both_ways<Event>(std::monostate(), "undefined");
  expect_both_ways<Event>(std::vector{login{"a"}, login{"b"}}, "[{login, <<\"a\">>}, {login, <<\"b\">>}]");
  EXPECT_EQ((from_term<std::variant<bool, Atom>>(Term("true"_atom)).index()), 0U) << "the first that fits";
  expect_both_ways(std::variant<Atom, theirs::money>(theirs::money(1)), "{cents, 1}");
}

TEST(Typed, DurationsAndTimePointsAreTheirCount) {
  expect_both_ways(1500ms, "1500");
  expect_both_ways(std::chrono::nanoseconds::min(), "-9223372036854775808");
  expect_both_ways(std::chrono::duration<double>(0.25), "0.25");
  expect_both_ways(std::chrono::sys_seconds(1700000000s), "1700000000");
  expect_both_ways(std::chrono::sys_time<std::chrono::milliseconds>(-1ms), "-1");
  expect_both_ways(std::chrono::steady_clock::time_point(7ns), "7");
}

struct any {
  Term term;
  std::vector<Term> more;
};

TEST(Typed, ATermIsAnything) {
  for (const char* text : {"{any, [a | b], []}", "{any, {{{{1}}}}, [{x, <<\"y\">>}, #{1 => [2, {3, [4]}]}, 7]}",
                           "{any, [[[], [[]]], [[[]]]], [<0.1.2>, <<1:1>>, 99999999999999999999999]}"}) {
    const any value = from_term<any>(parse(text));
    EXPECT_EQ(to_term(value), parse(text)) << text;
  }
}

struct views {
  std::string_view text;
  TermView rest;
};

TEST(Typed, ViewsReferToTheTermThatTheyWereReadFrom) {
  const Term term = parse("{views, <<\"a text of more than one word\">>, {1, 2}}");
  const auto value = from_term<views>(term);
  EXPECT_EQ(value.text.data(), term.element(2).as_binary().data());
  EXPECT_EQ(value.rest, (Term{1, 2}));
  EXPECT_EQ(to_term(value), term);
}

struct tree {
  int value;
  std::vector<tree> children;
  friend bool operator==(const tree&, const tree&) = default;
};

TEST(Typed, AStructMayContainItself) {
  expect_both_ways(tree{1, {{2, {}}, {3, {{4, {}}}}}}, "{tree, 1, [{tree, 2, []}, {tree, 3, [{tree, 4, []}]}]}");
}

struct many {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z;
  Atom last;
  friend bool operator==(const many&, const many&) = default;
};

TEST(Typed, AStructMayHaveManyMembers) {
  expect_both_ways(
      many{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, "z"_atom},
      "{many,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,z}");
}

TEST(Typed, WhatDoesNotFitIsNothing) {
  EXPECT_EQ(try_from_term<session>(parse("{session, 1, 2}")), std::nullopt);
  EXPECT_EQ(try_from_term<session>(parse("{sessions, <<>>, 2}")), std::nullopt);
  EXPECT_EQ(try_from_term<int>(Term("x")), std::nullopt);
  EXPECT_EQ(try_from_term<theirs::money>(parse("{cents, -1}")), std::nullopt);
}

}  // namespace
}  // namespace heirloom
