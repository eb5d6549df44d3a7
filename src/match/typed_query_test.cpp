// SPDX-License-Identifier: Apache-2.0
//
// Specifications over the members of structs: the terms that they become, what each match is, and what the compiler refuses.
#include "heirloom/typed_query.hpp"

#include <gtest/gtest.h>

#include "base/error_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;
using namespace query;
using namespace std::chrono_literals;

enum class role { guest, admin };
struct visit {
  std::string page;
  std::chrono::milliseconds stayed;
};
struct session {
  std::string user;
  std::int64_t hits = 0;
  role rights = role::guest;
  std::optional<std::chrono::seconds> idle = {};
  bool active = false;
  visit last = {};
  double score = 0;
  Term more = {};
  std::optional<std::string> by = {};
};
struct other {
  std::string user;
  std::int64_t hits;
};

constexpr auto kUser = field<&session::user>;
constexpr auto kHits = field<&session::hits>;
constexpr auto kActive = field<&session::active>;

template <typename Query>
std::string said(const Query& query) {
  return to_string(query.spec().term());
}
// The guard of a condition that speaks of no key.
template <typename Condition>
std::string guard(const Condition& condition) {
  return to_string(where(condition).spec().term()[0].element(2));
}

TEST(TypedQuery, IsASpecificationOverRecords) {
  EXPECT_EQ(said(where(kHits > 10)), "[{{session,'_','$2','_','_','_','_','_','_','_'},[{'>','$2',10}],['$_']}]");
  EXPECT_EQ(said(records<other>()), "[{{other,'_','_'},[],['$_']}]");
  EXPECT_EQ(said(records<other>().yield(field<&other::user>)), "[{{other,'$1','_'},[],['$1']}]");
  EXPECT_EQ(said(where(field<&other::hits> < 0).where(field<&other::user> > "m").yield(tuple(field<&other::hits>, 1))),
            "[{{other,'$1','$2'},[{'<','$2',0},{'>','$1',<<\"m\">>}],[{{'$2',1}}]}]");
  EXPECT_EQ(said(where(field<&other::hits> == 1).yield(1) || records<other>().yield(2)),
            "[{{other,'_','$2'},[{'=:=','$2',1}],[1]},{{other,'_','_'},[],[2]}]");
}

TEST(TypedQuery, ValuesBecomeWhatTheMemberIs) {
  EXPECT_EQ(guard(field<&session::rights> == role::admin), "[{'=:=','$3',admin}]");
  EXPECT_EQ(guard(role::admin != field<&session::rights>), "[{'=/=',admin,'$3'}]");
  EXPECT_EQ(guard(field<&session::idle> == 2min), "[{'=:=','$4',120}]");
  EXPECT_EQ(guard(has_value(field<&session::idle>) && value(field<&session::idle>) > 1h),
            "[{'=/=','$4',undefined},{'>','$4',3600}]");
  EXPECT_EQ(guard(field<&session::score> == 1), "[{'==','$7',1.0}]");
  EXPECT_EQ(guard(field<&session::score> != kHits), "[{'/=','$7','$2'}]") << "1 is 1.0, as in C++";
  EXPECT_EQ(guard(kHits * 1.5 == 3), "[{'==',{'*','$2',1.5},3.0}]");
  EXPECT_EQ(guard(kHits / 2 > 1), "[{'>',{'/','$2',2},1.0}]");
  EXPECT_EQ(guard(kHits + 1 == kHits), "[{'=:=',{'+','$2',1},'$2'}]");
  EXPECT_EQ(guard(field<&session::score> < kHits), "[{'<','$7','$2'}]");
  EXPECT_EQ(guard(kHits < UINT64_MAX), "[{'<','$2',18446744073709551615}]") << "no integer is cut";
  EXPECT_EQ(guard(field<&session::more> == Term({1, 2})), "[{'=:=','$8',{const,{1,2}}}]");
  EXPECT_EQ(guard(kActive || !kActive), "[{'orelse','$5',{'not','$5'}}]");
  EXPECT_EQ(guard(field<&session::last> == visit{"/", 5ms}), "[{'=:=','$6',{const,{visit,<<\"/\">>,5}}}]");
  EXPECT_EQ(guard(field<&session::by> == "bob"), "[{'=:=','$9',<<\"bob\">>}]");
  EXPECT_EQ(guard(field<&session::by> == std::nullopt), "[{'=:=','$9',undefined}]");
  EXPECT_EQ(guard(kHits + 1 > field<&session::more>), "[{'>',{'+','$2',1},'$8'}]");
}

TEST(TypedQuery, GoesIntoMembersThatAreStructs) {
  EXPECT_EQ(guard(field<&session::last, &visit::stayed> >= 2s), "[{'>=',{element,3,'$6'},2000}]");
}

TEST(TypedQuery, AKeyThatIsKnownIsInTheHead) {
  EXPECT_EQ(said(where(field<&other::user> == "alice")), "[{{other,<<\"alice\">>,'_'},[],['$_']}]");
  EXPECT_EQ(said(where(field<&other::hits> > 1 && "alice" == field<&other::user>)
                     .yield(tuple("const"_atom, field<&other::user>, field<&other::hits>))),
            "[{{other,<<\"alice\">>,'$2'},[{'>','$2',1}],[{{const,<<\"alice\">>,'$2'}}]}]");
  EXPECT_EQ(said(where(field<&other::user> == "a" && field<&other::user> == "b")),
            "[{{other,<<\"a\">>,'_'},[{'=:=',<<\"a\">>,<<\"b\">>}],['$_']}]");
  EXPECT_EQ(said(where(field<&other::user> == "a" || field<&other::hits> == 1)),
            "[{{other,'$1','$2'},[{'orelse',{'=:=','$1',<<\"a\">>},{'=:=','$2',1}}],['$_']}]");
}

struct by_place {
  Term place;
  int value;
};
constexpr auto kPlace = field<&by_place::place>;

TEST(TypedQuery, AKeyThatWouldBeAPatternStaysACondition) {
  EXPECT_EQ(said(where(kPlace == map({{1, 2}}))), "[{{by_place,'$1','_'},[{'=:=','$1',{const,#{1 => 2}}}],['$_']}]");
  EXPECT_EQ(said(where(kPlace == list(tuple(1, kPlace)))),
            "[{{by_place,'$1','_'},[{'=:=','$1',[{{1,'$1'}}]}],['$_']}]");
  EXPECT_EQ(said(where(kPlace == heirloom::list({1, 2}))), "[{{by_place,[1,2],'_'},[],['$_']}]");
  EXPECT_EQ(said(where(kPlace == Term{1, "x"_atom})), "[{{by_place,{1,x},'_'},[],['$_']}]");
  EXPECT_EQ(said(where(kPlace == Term("_"_atom))), "[{{by_place,'$1','_'},[{'=:=','$1',{const,'_'}}],['$_']}]");
  EXPECT_EQ(said(where(kPlace == field<&by_place::value>)), "[{{by_place,'$1','$2'},[{'=:=','$1','$2'}],['$_']}]");
}

TEST(TypedQuery, AThousandAlternativesAreNoTrouble) {
  auto any_of = field<&other::user> == "0";
  for (int i = 1; i < 1000; ++i) any_of = any_of || field<&other::user> == std::to_string(i);
  const MatchSpec spec = where(any_of).where(field<&other::user> == "77").spec();
  EXPECT_TRUE(spec.run(parse("{other, <<\"77\">>, 1}")));
  EXPECT_FALSE(spec.run(parse("{other, <<\"78\">>, 1}")));
}

TEST(TypedQuery, ReplacesMembers) {
  EXPECT_EQ(said(where(field<&other::hits> < 0).assign<&other::hits>(0)),
            "[{{other,'$1','$2'},[{'<','$2',0}],[{{other,'$1',0}}]}]");
  EXPECT_EQ(said(where(field<&other::user> == "alice").assign<&other::hits>(field<&other::hits> + 1)),
            "[{{other,<<\"alice\">>,'$2'},[],[{{other,<<\"alice\">>,{'+','$2',1}}}]}]");
}

struct small {
  int id;
  std::uint8_t level;
  std::int16_t more = 0;
  std::int64_t most = 0;
};
template <auto kMember, typename T>
concept MayAssignSmall = requires(const T& value) {
  records<small>().template assign<kMember>(value);
};
static_assert(MayAssignSmall<&small::more, Field<&small::level>> && MayAssignSmall<&small::most, Field<&small::more>>);
static_assert(!MayAssignSmall<&small::level, Field<&small::more>> &&
              !MayAssignSmall<&small::more, Field<&small::most>>);
static_assert(!MayAssignSmall<&small::more, decltype(field<&small::more> + 1)>, "which it may not be able to hold");

TEST(TypedQuery, DoesNotAssignWhatTheMemberCannotHold) {
  EXPECT_EQ(said(records<small>().assign<&small::level>(255)),
            "[{{small,'$1','_','$3','$4'},[],[{{small,'$1',255,'$3','$4'}}]}]");
  EXPECT_EQ(code_of([] { static_cast<void>(records<small>().assign<&small::level>(256)); }), ErrorCode::type);
}

TEST(TypedQuery, PassesOverWhatIsNoRecord) {
  const MatchSpec spec = records<other>().spec();
  EXPECT_TRUE(spec.run(parse("{other, a, b}")));
  EXPECT_FALSE(spec.run(parse("{other, a}")));
  EXPECT_FALSE(spec.run(parse("{another, a, b}")));
}

// Of which type each match is.
template <typename Query>
using Matches = typename Query::Result;
static_assert(std::same_as<Matches<decltype(where(kHits > 1))>, session>);
static_assert(std::same_as<Matches<decltype(where(kHits > 1).yield(kUser))>, std::string>);
static_assert(std::same_as<Matches<decltype(where(kHits > 1).yield(tuple(kUser, kActive, kHits + 1, 1)))>,
                           std::tuple<std::string, bool, Term, Term>>);
static_assert(std::same_as<Matches<decltype(where(kHits > 1).yield(kHits > 2))>, bool>);
static_assert(
    std::same_as<Matches<decltype(where(kHits > 1).yield(value(field<&session::idle>)))>, std::chrono::seconds>);

// What the compiler refuses.
template <typename Left, typename Right>
concept Equal = requires(const Left& left, const Right& right) {
  left == right;
};
template <typename Left, typename Right>
concept Less = requires(const Left& left, const Right& right) {
  left < right;
};
template <typename Left, typename Right>
concept Sum = requires(const Left& left, const Right& right) {
  left + right;
};
template <typename T>
concept MayAsk = requires(const T& condition) {
  where(condition);
};
template <typename Records, typename T>
concept MayYieldOf = requires(const Records& records, const T& value) {
  records.yield(value);
};
template <auto kMember, typename T>
concept MayAssign = requires(const T& value) {
  records<session>().template assign<kMember>(value);
};
using User = std::remove_const_t<decltype(kUser)>;
using Hits = std::remove_const_t<decltype(kHits)>;
using Active = std::remove_const_t<decltype(kActive)>;
using Rights = Field<&session::rights>;
using Idle = Field<&session::idle>;
using OtherHits = Field<&other::hits>;
static_assert(Equal<Hits, int> && Equal<Hits, unsigned> && Equal<User, const char*> && Equal<User, std::string_view>);
static_assert(Equal<User, std::string> && Equal<User, Field<&session::more>> && Less<User, User>);
static_assert(!Equal<Hits, double>, "no integer is =:= to a float");
static_assert(!Equal<Hits, bool> && !Equal<Hits, const char*> && !Equal<User, int> && !Equal<User, Hits>);
static_assert(!Equal<Rights, int> && !Equal<Active, int>);
static_assert(!Less<Rights, role>, "Erlang orders atoms by their names");
static_assert(!Less<Idle, std::chrono::seconds> && !Less<Idle, Idle>, "undefined would be more than any number");
static_assert(Equal<Idle, std::nullopt_t> && Equal<Idle, std::optional<std::chrono::seconds>> &&
              !Equal<Idle, std::chrono::milliseconds>);
static_assert(Less<Field<&session::last, &visit::stayed>, std::chrono::seconds>);
static_assert(!Equal<Hits, OtherHits> && !Sum<Hits, OtherHits>, "members of two structs");
static_assert(Sum<Hits, int> && !Sum<User, int> && !Sum<Hits, const char*>);
static_assert(MayAsk<decltype(kHits > 1)> && MayAsk<Active> && !MayAsk<Hits> && !MayAsk<decltype(_1 > 1)>);
static_assert(!MayAsk<decltype(kHits > _1)>, "there is no _1");
static_assert(MayYieldOf<Records<session>, Hits> && !MayYieldOf<Records<other>, Hits>);
static_assert(!MayYieldOf<Records<session>, Variable<1>>);
static_assert(MayAssign<&session::hits, int> && MayAssign<&session::hits, decltype(kHits + 1)>);
static_assert(!MayAssign<&session::hits, const char*> && !MayAssign<&session::hits, User>);
static_assert(!MayAssign<&session::hits, OtherHits> && !MayAssign<&session::user, const char*>, "the key stays");
using Score = Field<&session::score>;
static_assert(MayAssign<&session::score, double> && MayAssign<&session::score, int> &&
              MayAssign<&session::score, Score>);
static_assert(MayAssign<&session::score, decltype(kHits * 2.5)> && MayAssign<&session::score, decltype(kHits / 2)>);
static_assert(!MayAssign<&session::score, Hits> && !MayAssign<&session::score, decltype(kHits + 1)>,
              "an integer is no float");
static_assert(!MayAssign<&session::hits, Score> && !MayAssign<&session::hits, decltype(kHits / 2)>);
static_assert(MayAssign<&session::more, Score> && MayAssign<&session::idle, decltype(value(field<&session::idle>))>);
static_assert(!MayAssign<&session::hits, decltype(hd(field<&session::more>) == 1)>);
static_assert(MayAssign<&session::idle, std::nullopt_t> && MayAssign<&session::idle, std::chrono::minutes>);

}  // namespace
}  // namespace heirloom
