// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what is special about single specifications. That they say what Erlang's say is the business of tests/oracle and
// tests/match.
#include "match/compiler.hpp"

#include <gtest/gtest.h>

#include "heirloom/match_spec.hpp"

#include "base/error_fixture.hpp"
#include "match/keeps_key.hpp"
#include "term/depth_fixture.hpp"

namespace heirloom::matching {
namespace {

using namespace literals;

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

Term around(const std::string& before, const std::string& inner, const std::string& behind, int depth) {
  return parse(repeated(before, depth) + inner + repeated(behind, depth));
}
Term spec_with_guard(const Term& guard) { return list({{"_"_atom, list({guard}), list({Term("yes")})}}); }
Term spec_with_body(const Term& body) { return list({{"_"_atom, list({}), list({body})}}); }

constexpr int kLevels = static_cast<int>(term::kLevels);

TEST(Compiler, RefusesExpressionsThatNestTooDeep) {
  for (const Term& guard : {around("{orelse,false,", "true", "}", kLevels), around("{'not',", "true", "}", kLevels),
                            around("{{", "true", "}}", kLevels), around("[", "'$_'", "]", kLevels)}) {
    EXPECT_EQ(code_of([&] { MatchSpec{spec_with_guard(guard)}; }), ErrorCode::system_limit);
    EXPECT_EQ(code_of([&] { MatchSpec{spec_with_body(guard)}; }), ErrorCode::system_limit);
  }
}

TEST(Compiler, RunsExpressionsThatNestAsDeepAsTheyMay) {
  const int depth = static_cast<int>(kNestingMax) - 1;
  const Term object{1};
  EXPECT_EQ(MatchSpec(spec_with_guard(around("{'orelse',false,", "true", "}", depth))).run(object), Term("yes"));
  EXPECT_EQ(MatchSpec(spec_with_guard(around("{'andalso',true,", "true", "}", depth))).run(object), Term("yes"));
  EXPECT_EQ(MatchSpec(spec_with_body(around("{'not',", "true", "}", depth))).run(object), Term(depth % 2 == 0));
  EXPECT_EQ(MatchSpec(spec_with_body(around("[", "'$_'", "]", depth))).run(object), around("[", "{1}", "]", depth));
}

// What is said as it is has no depth.
TEST(Compiler, TakesHeadsAndConstantsOfAnyDepth) {
  const Term deep = around("{a,", "[]", "}", kLevels);
  const Term object{1, deep};
  EXPECT_EQ(MatchSpec(list({{object, list({}), list({Term("yes")})}})).run(object), Term("yes"));
  EXPECT_EQ(MatchSpec(spec_with_body({"const"_atom, deep})).run(object), deep);
  const Term head = around("{a,", "'$1'", "}", kLevels);
  EXPECT_EQ(MatchSpec(list({{{1, head}, list({}), list({"$1"_atom})}})).run(object), list({}));
}

TEST(Compiler, SaysAllThatIsWrongWithAClause) {
  const MatchTest tested = test_ms(Term{1}, parse("[{'$1',['$2',{foo,1}],[{'$1'},'$3']}]"));
  EXPECT_FALSE(tested.result);
  EXPECT_EQ(tested.errors, (std::vector<std::string>{"Variable $2 is unbound.", "Function foo/1 does_not_exist.",
                                                     "{'$1'} is neither a function call, nor a tuple (tuples are "
                                                     "written {{ ... }}).",
                                                     "Variable $3 is unbound."}));
}

TEST(Compiler, OfAnErrorTellsWhatIsWrong) {
  try {
    MatchSpec{parse("[{'$1',[{'>','$2',1}],[true]}]")};
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::badarg);
    EXPECT_EQ(error.detail(), "Variable $2 is unbound.");
  }
}

TEST(MatchSpec, RunsOverTermsThatAreNoObjects) {
  const MatchSpec spec(parse("[{[a|'$1'],[],['$1']},{#{k=>'$1'},[{'>','$1',1}],[{{k,'$1'}}]},{17,[],[number]}]"));
  const std::vector<Term> terms{parse("[a,b,c]"),      parse("[a|x]"),   parse("[b]"),
                                parse("#{k=>2,l=>3}"), parse("#{k=>1}"), Term(17)};
  EXPECT_EQ(list(spec.run(terms)), parse("[[b,c],x,{k,2},number]"));
}

TEST(MatchSpec, KnowsWhoRunsIt) {
  const MatchSpec spec(parse("[{{'$1'},[{'=:=','$1',{self}}],[{{{self},{node}}}]}]"));
  const Pid pid(3, 4);
  EXPECT_EQ(spec.run(Term{pid}, pid), (Term{pid, "heirloom@localhost"_atom}));
  EXPECT_EQ(spec.run(Term{pid}, Pid(3, 5)), std::nullopt);
}

TEST(MatchSpec, OfNoClausesAppliesToNothing) {
  EXPECT_EQ(MatchSpec(list({})).run(Term{1}), std::nullopt);
  EXPECT_FALSE(test_ms(Term{1}, list({})).errors.empty());
}

// The forms of ets_SUITE's t_select_replace, and some more.
TEST(KeepsKey, IsPlainFromTheSpecification) {
  const auto keeps = [](const char* head, const char* body, std::size_t keypos = 1) {
    const Term spec = list({{parse(head), list({}), parse(body)}});
    return keeps_key(*MatchSpec(spec).program(), keypos);
  };
  EXPECT_TRUE(keeps("'_'", "['$_']"));
  EXPECT_TRUE(keeps("{'$1','$2'}", "[{{'$1',{'+','$2',1}}}]"));
  EXPECT_TRUE(keeps("{'$1','$2'}", "[{{{element,1,'$_'},x}}]"));
  EXPECT_TRUE(keeps("{{a,'$1'},'$2'}", "[{{{{a,'$1'}},x,y}}]"));
  EXPECT_TRUE(keeps("{[a|'$1'],'$2'}", "[{{[a|'$1']}}]"));
  EXPECT_TRUE(keeps("{key,'$2'}", "[{const,{key,x}}]"));
  EXPECT_TRUE(keeps("{{a,[b]},'$2'}", "[{{{const,{a,[b]}},'$2'}}]"));
  EXPECT_TRUE(keeps("{'$1','$2'}", "[{{'$1','$2'}}]", 2));
  EXPECT_FALSE(keeps("{'$1','$2'}", "['$_','$_']"));
  EXPECT_FALSE(keeps("{'$1','$2'}", "['$1']"));
  EXPECT_FALSE(keeps("{'$1','$2'}", "[{{'$2','$1'}}]"));
  EXPECT_FALSE(keeps("{'$1','$2'}", "[{{{'+','$1',0},'$2'}}]"));
  EXPECT_FALSE(keeps("{'$1','$2'}", "[{{{element,2,'$_'},'$2'}}]"));
  EXPECT_FALSE(keeps("{'$1','$2'}", "[{const,{'$1',x}}]"));
  EXPECT_FALSE(keeps("{'_','$2'}", "[{{'_','$2'}}]"));
  EXPECT_FALSE(keeps("'_'", "[{{1,2}}]"));
  EXPECT_FALSE(keeps("'$1'", "[{{'$1',2}}]"));
  EXPECT_FALSE(keeps("{{a,'$1'},'$2'}", "[{{{{'$1',a}},x,y}}]"));
  EXPECT_FALSE(keeps("{#{a=>1},'$2'}", "[{{#{a=>1},'$2'}}]"));
  EXPECT_FALSE(keeps("{1.0,'$2'}", "[{{1,'$2'}}]"));
}

}  // namespace
}  // namespace heirloom::matching
