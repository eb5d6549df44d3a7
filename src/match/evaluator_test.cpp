// SPDX-License-Identifier: Apache-2.0
//
// Erlang's expressions: what they are, what they bind, how they fail, and where a statement ends. That operators and guard functions
// compute what Erlang's do is compared elsewhere (tests/oracle), since a match specification calls the same ones.
#include "heirloom/evaluator.hpp"

#include <gtest/gtest.h>

#include "heirloom/match_spec.hpp"

#include "base/error_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;
using Value = Evaluator::Value;

class Evaluating : public testing::Test {
 protected:
  std::string eval(std::string_view text) {
    const auto value = evaluator_.evaluate(text);
    return value ? value->text() : "nothing";
  }
  std::string failure(std::string_view text) {
    try {
      return "it is " + eval(text);
    } catch (const Error& error) {
      return error.detail();
    }
  }

  // pair(A, B), lists:first(L), twice(Fun, X)
  static Value called(Evaluator& evaluator, const Evaluator::Call& call) {
    if (call.module.empty() && call.function == "pair")
      return Term{call.arguments.at(0).term(), call.arguments.at(1).term()};
    if (call.module == "lists" && call.function == "first") return Term(call.arguments.at(0).term()[0]);
    if (call.function == "twice") {
      const auto& fun = call.arguments.at(0).fun();
      const Value once = evaluator.apply(fun, {&call.arguments.at(1), 1});
      return evaluator.apply(fun, {&once, 1});
    }
    if (call.function == "spec") return call.arguments.at(0).fun().to_match_spec();
    throw Error(ErrorCode::not_found, "call " + call.function, "there is no such function");
  }

  Evaluator evaluator_{[this](const Evaluator::Call& call) { return called(evaluator_, call); }};
};

TEST_F(Evaluating, ValuesAreThemselves) {
  for (const char* text : {"1", "alice", "<<\"x\">>", "{a,[1,2|3],#{k => 1.5}}", "[]", "'$1'"})
    EXPECT_EQ(eval(text), text);
  EXPECT_EQ(eval("\"ab\""), "\"ab\"");
  EXPECT_EQ(eval("-7"), "-7");
  EXPECT_EQ(eval(""), "nothing");
  EXPECT_EQ(eval(" % a comment\n."), "nothing");
}

TEST_F(Evaluating, OperatorsAndGuardFunctions) {
  EXPECT_EQ(eval("1 + 2 * 3 - 10 div 3"), "4");
  EXPECT_EQ(eval("(1 + 2) * 3."), "9");
  EXPECT_EQ(eval("1 == 1.0 andalso 1 =/= 1.0"), "true");
  EXPECT_EQ(eval("true or false and false"), "true");
  EXPECT_EQ(eval("not is_atom(1)"), "true");
  EXPECT_EQ(eval("element(2, {a, length([1, 2])})"), "2");
  EXPECT_EQ(eval("erlang:max(1, 2)"), "2");
  EXPECT_EQ(eval("false andalso nothing_that_exists()"), "false");
  EXPECT_EQ(eval("true orelse 1 / 0"), "true");
}

TEST_F(Evaluating, VariablesAreBoundByPatterns) {
  EXPECT_EQ(eval("X = 1, Y = X + 1, {X, Y}"), "{1,2}");
  EXPECT_EQ(eval("{A, [B, C | D], #{key := E}} = {1, [2, 3, 4], #{key => 5, other => 6}}, [A, B, C, D, E]"),
            "[1,2,3,[4],5]");
  EXPECT_EQ(eval("[_ | Rest] = [1 | 2], Rest"), "2");
  EXPECT_EQ(eval("{Same, Same} = {7, 7}, Same"), "7");
  EXPECT_EQ(eval("{Whole = {_, Part}, 1} = {{1, 2}, 1}, [Whole, Part]"), "[{1,2},2]");
  EXPECT_EQ(eval("X"), "1");
  EXPECT_EQ(failure("X = 2"), "line 1, column 3: no match: the right side is 2");
  EXPECT_EQ(failure("{_, _} = {1}"), "line 1, column 8: no match: the right side is {1}");
  EXPECT_EQ(failure("1 + Z"), "line 1, column 5: the variable Z has no value");
  evaluator_.forget("X");
  EXPECT_EQ(eval("X = 2"), "2");
  evaluator_.forget_all();
  EXPECT_TRUE(evaluator_.bindings().empty());
}

TEST_F(Evaluating, AStatementThatFailsBindsNothing) {
  EXPECT_EQ(failure("N = 1, N + a"), "line 1, column 10: bad argument: +(1,a)");
  EXPECT_EQ(failure("N"), "line 1, column 1: the variable N has no value");
}

TEST_F(Evaluating, CallsGoToTheHost) {
  EXPECT_EQ(eval("pair(1 + 1, {x})"), "{2,{x}}");
  EXPECT_EQ(eval("lists:first([a, b])"), "a");
  EXPECT_EQ(failure("nothing(1)"), "there is no such function");
  EXPECT_EQ(failure("erlang:nothing(1)"), "there is no such function");
}

TEST_F(Evaluating, FunsAreCalled) {
  EXPECT_EQ(eval("Plus = 10, F = fun(X) -> X + Plus end, F(1)"), "11");
  EXPECT_EQ(eval("twice(F, 1)"), "21");
  EXPECT_EQ(eval("F"), "fun(X) -> X + Plus end");
  EXPECT_EQ(eval("G = fun(X, _) when is_integer(X), X > 5; X == 0 -> big; ({Y}, Y) -> same; (_, _) -> none end, [G(6, "
                 "1), G(0, 1), "
                 "G({2}, 2), G(1, 1)]"),
            "[big,big,same,none]");
  EXPECT_EQ(eval("H = fun() -> 1 end, H()"), "1");
  EXPECT_EQ(eval("(Plus) + 1"), "11") << "its variables are not those of the fun";
  EXPECT_EQ(failure("F(1, 2)"), "`fun(X) -> X + Plus end` takes 1 arguments, not 2");
  EXPECT_EQ(failure("N = 1, N(2)"), "line 1, column 8: 1 is no fun");
  EXPECT_EQ(failure("K = fun({X}) -> X end, K(3)"), "no clause of `fun({X}) -> X end` takes (3)");
  EXPECT_EQ(failure("{F}"), "line 1, column 2: a fun is no term here: it may be an argument, or a variable's value");
  EXPECT_EQ(failure("fun(A) -> A; (A, B) -> B end"),
            "line 1, column 1: the clauses of this fun take different numbers of arguments");
  EXPECT_EQ(code_of([&] { eval("L = fun(M) -> M(M) end, L(L)"); }), ErrorCode::system_limit);
}

TEST_F(Evaluating, AGuardChangesNothing) {
  EXPECT_EQ(failure("F = fun(X) when pair(X, X) -> X end, F(1)"),
            "line 1, column 13: the call of pair is not allowed in a guard");
  EXPECT_EQ(failure("F = fun(X) when X = 1 -> X end, F(1)"), "line 1, column 15: `=` is not allowed in a guard");
}

TEST_F(Evaluating, NothingIsTooMuchForTheStack) {
  const auto refused = [this](std::string_view text) { return code_of([&] { eval(text); }); };
  EXPECT_EQ(refused("Again = fun(F) -> twice(fun(_) -> F(F) end, 0) end, Again(Again)"), ErrorCode::system_limit);
  eval("Held = 0");
  std::string chain = "F0 = fun() -> 0 end";
  for (int i = 1; i < 150; ++i) chain += ", F" + std::to_string(i) + " = fun() -> F" + std::to_string(i - 1) + " end";
  EXPECT_EQ(refused(chain), ErrorCode::system_limit);
  for (const char* odd : {"'andalso'(true)", "'orelse'()", "'andalso'(true, true, true)"})
    EXPECT_EQ(refused(odd), ErrorCode::not_found) << odd;
}

TEST_F(Evaluating, AKeyOfAMapInAHeadIsAValue) {
  EXPECT_EQ(eval("K = a, F = fun(#{K := V}) -> V end, F(#{a => 1})"), "1");
}

TEST_F(Evaluating, AGuardThatRaisesIsNotTrue) {
  EXPECT_EQ(eval("G = fun(X) when 1 bsl X > 0 -> a; (_) -> b end, G(100000000000)"), "b");
  EXPECT_EQ(eval("F = fun(X) when X + 1 > 0 -> number; (_) -> other end, F(a)"), "other");
}

TEST_F(Evaluating, AFunIsAMatchSpecificationWithTheValuesAroundIt) {
  EXPECT_EQ(eval("Least = 30, spec(fun({Name, Age}) when Age >= Least -> Name end)"),
            "[{{'$1','$2'},[{'>=','$2',{const,30}}],['$1']}]");
  EXPECT_EQ(failure("spec(fun(A, B) -> A end)").substr(0, 16), "line 1, column 8");
}

TEST_F(Evaluating, WhatIsNotReadIsTold) {
  EXPECT_EQ(failure("case X of 1 -> 2 end"), "line 1, column 1: an expression is expected, not 'case'");
  EXPECT_EQ(failure("[1, 2"), "line 1, column 6: `,`, `|` or `]` is expected, not the end of the text");
  EXPECT_EQ(failure("1 2"), "line 1, column 3: `,` or `.` is expected, not '2'");
  EXPECT_EQ(code_of([&] { eval(std::string(300, '[') + std::string(300, ']')); }), ErrorCode::system_limit);
  std::string funs;
  for (int i = 0; i < 300; ++i) funs += "fun() -> ";
  EXPECT_EQ(code_of([&] { eval(funs); }), ErrorCode::system_limit);
}

TEST_F(Evaluating, AStatementEndsWithItsFullStop) {
  const auto measured = [](std::string_view text) {
    const auto [bytes, complete] = Evaluator::first_statement(text);
    return std::pair(bytes, complete);
  };
  EXPECT_EQ(measured("X = 1. Y = 2."), std::pair(std::size_t{6}, true));
  EXPECT_EQ(measured("1.5"), std::pair(std::size_t{3}, true));
  EXPECT_EQ(measured("f(1)"), std::pair(std::size_t{4}, true));
  EXPECT_EQ(measured("% nothing\n"), std::pair(std::size_t{10}, true));
  for (const char* beginning : {"f(1,", "X =", "[1", "\"a text", "fun(X) ->", "fun(X) -> X", "{a, 'b"}) {
    EXPECT_FALSE(Evaluator::first_statement(beginning).complete) << beginning;
  }
  // With an error in it, it is as complete as it gets, and its full stop is where the next one begins.
  EXPECT_EQ(measured("f(1)). 2"), std::pair(std::size_t{6}, true));
  EXPECT_EQ(measured("1 2"), std::pair(std::size_t{3}, true));
  EXPECT_EQ(measured("\xED. 2"), std::pair(std::size_t{4}, true)) << "no text at all";
}

}  // namespace
}  // namespace heirloom
