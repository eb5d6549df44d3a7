// SPDX-License-Identifier: Apache-2.0
//
// Strategy: structs whose members are hard to count - what converts from anything, what has no default, what cannot be
// copied - and the names that a compiler gives. Most of it is proven at compile time.
#include "heirloom/typed/members.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "heirloom/typed.hpp"

namespace {

class Owner {
 public:
  Owner() = default;
  explicit Owner(int value) : value_(std::make_unique<int>(value)) {}
  [[nodiscard]] int value() const { return *value_; }

 private:
  std::unique_ptr<int> value_;
};

}  // namespace

template <>
struct heirloom::TermOf<Owner> {
  using Form = int;
  static int to_form(const Owner& owner) { return owner.value(); }
  static Owner from_form(int value) { return Owner(value); }
};

namespace heirloom::typed {
namespace {

enum class color { red };
struct inner {
  int a;
  std::string b;
};

struct with_default {
  std::optional<std::variant<int, std::string>> optional;
  std::variant<std::monostate, int, Atom, std::string> variant;
  Term term;
  TermView view;
  std::optional<Term> maybe;
  std::variant<int, Term> either;
  alignas(32) int aligned;
  std::array<inner, 2> array;
  std::monostate last;
};
static_assert(kMemberCount<with_default> == 9);
static_assert(member_name<with_default, 0>() == "optional" && member_name<with_default, 8>() == "last");
static_assert(TermConvertible<with_default>);

struct without_default {
  std::optional<std::variant<int, std::string>> optional;
  Atom atom;
  std::variant<std::monostate, int, Atom, std::string> variant;
  std::string_view text;
  Term term;
  std::map<std::string, Atom> map;
  std::array<inner, 2> array;
  inner nested;
  std::tuple<int, std::string> tuple;
  std::pair<Atom, int> pair;
  TermView view;
  std::chrono::milliseconds duration;
  color paint;
  const int constant;
  std::optional<Atom> maybe;
  std::unordered_map<int, inner> hash;
  std::monostate last;
};
static_assert(kMemberCount<without_default> == 17);
static_assert(member_name<without_default, 0>() == "optional" && member_name<without_default, 16>() == "last");
static_assert(TermConvertible<without_default>);

template <typename T>
struct only {
  T member;
};
static_assert(kMemberCount<only<Term>> == 1 && kMemberCount<only<Atom>> == 1 && kMemberCount<only<only<Atom>>> == 1);
static_assert(kMemberCount<only<std::variant<int, Term>>> == 1 && kMemberCount<only<std::optional<Atom>>> == 1);
static_assert(kMemberCount<only<std::array<Atom, 3>>> == 1 && kMemberCount<only<std::array<only<Atom>, 2>>> == 1);
static_assert(member_name<only<only<Atom>>, 0>() == "member");

// The types of an anonymous namespace have no linkage, about which clang is particular.
struct of_optionals {
  std::string text;
  std::optional<color> paint;
  std::vector<std::optional<inner>> more;
  std::optional<std::variant<inner, color>> either;
};
static_assert(kMemberCount<of_optionals> == 4);

struct empty {};
static_assert(kMemberCount<empty> == 0);

struct moved {
  Owner owner;
  Atom atom;
};
static_assert(kMemberCount<moved> == 2);

TEST(Members, MayBeOfTypesThatAreOnlyMoved) {
  const Term term = to_term(moved{Owner(7), Atom("x")});
  EXPECT_EQ(term, parse("{moved, 7, x}"));
  const std::vector<moved> both = from_term<std::vector<moved>>(list({term, term}));
  EXPECT_EQ(both.at(1).owner.value(), 7);
}

TEST(Members, AreReferencesToTheObject) {
  inner value{1, "x"};
  std::get<0>(members_of(value)) = 2;
  EXPECT_EQ(value.a, 2);
}

// What compilers write; names.hpp tells which ones.
static_assert(last_identifier("app::session") == "session" && last_identifier("{anonymous}::s_1") == "s_1");
static_assert(last_identifier("main()::local") == "local" && last_identifier("session") == "session");
static_assert(last_identifier("app::\xC3\xA4") == "\xC3\xA4");
static_assert(last_identifier("box<int>").empty() && last_identifier("(color)5").empty());
static_assert(last_identifier("(ns::color)-1").empty() && last_identifier("").empty());
static_assert(last_identifier("(unnamed struct at a.cpp:1:2)").empty() && last_identifier("<unnamed struct>").empty());
static_assert(name_in_address("T f() [with auto V = A<int>{((const int*)(& S<x>::kOne.S<x>::value.x::hits))}]") ==
              "hits");
static_assert(name_in_address("T f() [V = {&kOne.value.hits}]") == "hits");
static_assert(name_in_address("something else").empty() && name_in_address("").empty());

static_assert(unqualified_name<inner>() == "inner" && unqualified_name<color>() == "color");
static_assert(unqualified_name<only<int>>().empty());

// A text with 128 items, of which these are the first three.
std::string list_of(std::string_view begin, std::string_view first, std::string_view end) {
  std::string text(begin);
  text += first;
  for (int i = 3; i < 128; ++i) text += ", (color)" + std::to_string(i);
  return text + std::string(end);
}

TEST(Members, EnumeratorsAreFoundInWhatCompilersWrite) {
  const std::string anonymous = "(anonymous namespace)::red, ((anonymous namespace)::c)1, b<int, c>::blue";
  for (const std::string& text :
       {list_of("T f() [with E = color; E ...V = {", "ns::color::red, (ns::color)1, ns::color::blue", "}]"),
        list_of("T f() [E = color, V = <", "ns::color::red, (ns::color)1, ns::color::blue", ">]"),
        list_of("T f() [E = color, V = <", anonymous, ">]")}) {
    const EnumeratorNames names = names_in_list(text);
    EXPECT_EQ(names[0], "red") << text;
    EXPECT_EQ(names[1], "") << text;
    EXPECT_EQ(names[2], "blue") << text;
    EXPECT_EQ(names[127], "") << text;
  }
}

TEST(Members, ThereAreNoEnumeratorsInAnythingElse) {
  EXPECT_EQ(names_in_list(""), EnumeratorNames());
  EXPECT_EQ(names_in_list("T f() [E = color, V = <red, blue>]"), EnumeratorNames()) << "too few";
  EXPECT_EQ(names_in_list(list_of("{", "red, blue, green, black", "}]")), EnumeratorNames()) << "too many";
  EXPECT_EQ(names_in_list("]]]>>>)))}]"), EnumeratorNames());
}

}  // namespace
}  // namespace heirloom::typed
