// SPDX-License-Identifier: Apache-2.0
//
// Specifications that are written in C++: the terms that they become, and what the compiler refuses.
#include "heirloom/query.hpp"

#include <gtest/gtest.h>

#include "base/error_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;
using namespace query;

std::string said(const MatchSpec& spec) { return to_string(spec.term()); }

TEST(Query, BecomesTheSpecificationThatItLooksLike) {
  EXPECT_EQ(said(match(_1, _2, _3).where(_2 > 10 && is_binary(_3)).yield(tuple(_1, _2))),
            "[{{'$1','$2','$3'},[{'andalso',{'>','$2',10},{is_binary,'$3'}}],[{{'$1','$2'}}]}]");
  EXPECT_EQ(said(match(any, "expired"_atom).yield(true)), "[{{'_',expired},[],[true]}]");
  EXPECT_EQ(said(match(_1, _2).where(_1 != _2).where(_2 < 0)),
            "[{{'$1','$2'},[{'=/=','$1','$2'},{'<','$2',0}],['$_']}]");
  EXPECT_EQ(said(match_any().yield(object())), "[{'_',[],['$_']}]");
  EXPECT_EQ(said(match(_1).yield(1) || match(_1, _2).yield(bindings()) || match_any().yield("other")),
            "[{{'$1'},[],[1]},{{'$1','$2'},[],['$$']},{'_',[],[<<\"other\">>]}]");
}

TEST(Query, TakesTuplesAndListsInHeadsAndBodies) {
  EXPECT_EQ(said(match(tuple(_1, any), list("a"_atom, _2)).yield(list(_2, tuple(_1)))),
            "[{{{'$1','_'},[a,'$2']},[],[['$2',{{'$1'}}]]}]");
  EXPECT_EQ(said(match(tuple(_1, tuple(_2, 3))).yield(tuple(tuple(_1, 1.5), _2))),
            "[{{{'$1',{'$2',3}}},[],[{{{{'$1',1.5}},'$2'}}]}]");
  EXPECT_EQ(said(match(list(tuple(any, _1), any)).yield(_1)), "[{{[{'_','$1'},'_']},[],['$1']}]");
}

TEST(Query, HasTheOperatorsAndFunctions) {
  const auto body = [](const auto& expression) {
    return to_string(MatchSpec(match(_1, _2).yield(expression)).term()[0].element(3)[0]);
  };
  EXPECT_EQ(body((_1 + 1) * _2 - quotient(_1, 2) % 3), "{'-',{'*',{'+','$1',1},'$2'},{'rem',{'div','$1',2},3}}");
  EXPECT_EQ(body((_1 & 3) | ((~_2 << 1) ^ -_1)), "{'bor',{'band','$1',3},{'bxor',{'bsl',{'bnot','$2'},1},{'-','$1'}}}");
  EXPECT_EQ(body(!(_1 == "x") || condition(_2)), "{'orelse',{'not',{'=:=','$1',<<\"x\">>}},'$2'}");
  EXPECT_EQ(body(equivalent(1, _1) && true), "{'andalso',{'==',1,'$1'},true}");
  EXPECT_EQ(body(max(element(1, object()), binary_part(_1, 0, byte_size(_2)))),
            "{max,{element,1,'$_'},{binary_part,'$1',0,{byte_size,'$2'}}}");
  EXPECT_EQ(body(is_map_key("k"_atom, _1)), "{is_map_key,k,'$1'}");
}

TEST(Query, ValuesStayWhatTheyAre) {
  const auto body = [](const auto& value) {
    return to_string(MatchSpec(match(_1).yield(value)).term()[0].element(3)[0]);
  };
  EXPECT_EQ(body(Term{1, 2}), "{const,{1,2}}");
  EXPECT_EQ(body("$1"_atom), "{const,'$1'}");
  EXPECT_EQ(body(heirloom::list({Term("_"_atom)})), "{const,['_']}");
  EXPECT_EQ(said(match(Term{1, "a"_atom}, _1)), "[{{{1,a},'$1'},[],['$_']}]");
  EXPECT_EQ(code_of([] { static_cast<void>(match("_"_atom)); }), ErrorCode::badarg);
}

TEST(Query, RunsAsAnyOther) {
  const MatchSpec spec = match(_1, _2).where(_2 >= 2).yield(tuple(_2, _1));
  EXPECT_EQ(spec.run(Term{"a"_atom, 2}), (Term{2, "a"_atom}));
  EXPECT_EQ(spec.run(Term{"a"_atom, 1}), std::nullopt);
}

// What the compiler refuses.
template <typename Head, typename T>
concept MayGuard = requires(const Head& head, const T& condition) {
  head.where(condition);
};
template <typename Head, typename T>
concept MayYield = requires(const Head& head, const T& value) {
  head.yield(value);
};
template <typename L, typename R>
concept MayConnect = requires(const L& left, const R& right) {
  left&& right;
};
using Head = decltype(match(_1, _2));
static_assert(MayGuard<Head, decltype(_1 > 1)>);
static_assert(!MayGuard<Head, decltype(_1 + 1)>, "a number is no condition");
static_assert(!MayGuard<Head, Variable<1>>);
static_assert(!MayGuard<Head, decltype(_1 > _3)>, "the head does not bind _3");
static_assert(MayYield<Head, decltype(tuple(_1, _2))> && !MayYield<Head, decltype(tuple(_1, _9))>);
static_assert(MayConnect<decltype(_1 > 1), decltype(is_atom(_2))>);
static_assert(!MayConnect<decltype(_1 > 1), decltype(_2)>);
static_assert(!std::convertible_to<decltype(_1 > 1), bool>, "a comparison is not made in C++");

}  // namespace
}  // namespace heirloom
