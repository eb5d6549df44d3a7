// SPDX-License-Identifier: Apache-2.0
//
// Funs as match specifications: each form by hand, and what is wrong with a text and where. That Erlang makes the same of the same
// funs is compared in tests/oracle.
#include <gtest/gtest.h>

#include "heirloom/match_spec.hpp"

#include "base/error_fixture.hpp"

namespace heirloom {
namespace {

Term spec(const char* text) { return parse(text); }

TEST(Fun2ms, MakesHeadsGuardsAndBodies) {
  EXPECT_EQ(fun2ms("fun({Id, Hits, _}) when Hits > 10 -> Id end"), spec("[{{'$1','$2','_'},[{'>','$2',10}],['$1']}]"));
  EXPECT_EQ(fun2ms("fun(X) -> X end."), spec("[{'$1',[],['$1']}]"));
  EXPECT_EQ(fun2ms("fun({a, [X | _], #{k := Y}}) -> {X, [Y, 1 | b]}; (_) -> none end"),
            spec("[{{a,['$1'|'_'],#{k=>'$2'}},[],[{{'$1',['$2',1|b]}}]},{'_',[],[none]}]"));
  EXPECT_EQ(fun2ms("fun({X, X}) when is_integer(X), X rem 2 =:= 0 -> true end"),
            spec("[{{'$1','$1'},[{is_integer,'$1'},{'=:=',{'rem','$1',2},0}],[true]}]"));
}

TEST(Fun2ms, NamesTheWholeObject) {
  const Term whole = spec("[{{'$1','_'},[{'<','$1',3}],['$_']}]");
  EXPECT_EQ(fun2ms("fun({K, _} = Object) when K < 3 -> Object end"), whole);
  EXPECT_EQ(fun2ms("fun(Object = {K, _}) when K < 3 -> Object end"), whole);
  EXPECT_EQ(fun2ms("fun({K, _}) when K < 3 -> object() end"), whole);
  EXPECT_EQ(fun2ms("fun({A, B}) -> bindings() end"), spec("[{{'$1','$2'},[],['$$']}]"));
}

TEST(Fun2ms, AlternativesOfGuardsAreClauses) {
  EXPECT_EQ(fun2ms("fun({X}) when hd(X) > 1, true; X == a -> X end"),
            spec("[{{'$1'},[{'>',{hd,'$1'},1},true],['$1']},{{'$1'},[{'==','$1',a}],['$1']}]"));
}

TEST(Fun2ms, BindsOperatorsAsErlangDoes) {
  const auto body = [](const std::string& text) {
    return to_string(fun2ms("fun({A,B}) -> " + text + " end")[0].element(3)[0]);
  };
  EXPECT_EQ(body("1 + A * 2 - B"), "{'-',{'+',1,{'*','$1',2}},'$2'}");
  EXPECT_EQ(body("(1 + A) * -2"), "{'*',{'+',1,'$1'},-2}");
  EXPECT_EQ(body("A > 1 andalso B =< 2 orelse not A"),
            "{'orelse',{'andalso',{'>','$1',1},{'=<','$2',2}},{'not','$1'}}");
  EXPECT_EQ(body("A band 3 bor B bsl 1"), "{'bsl',{'bor',{'band','$1',3},'$2'},1}");
  EXPECT_EQ(body("- A"), "{'-','$1'}");
  EXPECT_EQ(body("- 3 - -4.5"), "{'-',-3,-4.5}");
  EXPECT_EQ(body("erlang:element(1, A)"), "{element,1,'$1'}");
  EXPECT_EQ(body("A =:= 'and'"), "{'=:=','$1','and'}");
  EXPECT_EQ(body("[$a, \"bc\" \"d\", <<\"x\", 1:4, 2:4>>, {}]"), "[97,\"bcd\",<<120,18>>,{{}}]");
  EXPECT_EQ(body("#{k => A, 1 => [B]}"), "#{1 => ['$2'],k => '$1'}");
}

// Atoms that would be more than themselves.
TEST(Fun2ms, KeepsAtomsWhatTheyAre) {
  EXPECT_EQ(fun2ms("fun({X}) when X == '$1' -> ['_', '$$', '$x'] end"),
            spec("[{{'$1'},[{'==','$1',{const,'$1'}}],[[{const,'_'},{const,'$$'},'$x']]}]"));
}

TEST(Fun2ms, SaysWhatIsWrongAndWhere) {
  const auto error = [](const char* text) {
    try {
      static_cast<void>(fun2ms(text));
    } catch (const Error& wrong) {
      return wrong.detail();
    }
    return std::string("nothing");
  };
  EXPECT_EQ(error("[{a,[],[b]}]"), "line 1, column 1: a fun is expected: fun({Key, _}) -> Key end, not '['");
  EXPECT_EQ(error("fun({K, _})\n  when V > 1 -> K end"), "line 2, column 8: the variable V has no value");
  EXPECT_EQ(error("fun({K, _}) -> K"), "line 1, column 17: `;` or `end` is expected, not the end of the text");
  EXPECT_EQ(error("fun({K, _}) -> K end end"), "line 1, column 22: the fun is complete here, not 'end'");
  EXPECT_EQ(error("fun(A, B) -> A end"),
            "line 1, column 8: a fun of one argument is expected, the object: write a tuple");
  EXPECT_EQ(error("fun() -> a end"), "line 1, column 5: a fun of one argument is expected, the object, not ')'");
  EXPECT_EQ(error("fun({f(1)}) -> a end"), "line 1, column 6: a pattern is expected, and f is a function");
  EXPECT_EQ(error("fun({'$1'}) -> a end"), "line 1, column 6: in a head the atom '$1' would match more than itself");
  EXPECT_EQ(error("fun({A}) -> case A of 1 -> 2 end end"),
            "line 1, column 13: an expression of a match specification is expected, not 'case'");
  EXPECT_EQ(error("fun({A}) -> <<A>> end"),
            "line 1, column 15: a binary of a match specification has no variables in it");
  EXPECT_EQ(error("fun({A}) -> _ end"), "line 1, column 13: the variable _ has no value");
  EXPECT_EQ(error("fun({A}) -> #{A => 1} end"), "line 1, column 15: the key of a map must be a plain value here");
  EXPECT_EQ(error("fun({{A} = B}) -> A end"), "line 1, column 10: `=` is for the whole object only");
}

TEST(Fun2ms, RefusesWhatNestsTooDeep) {
  const auto repeated = [](const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  for (const std::string& body : {repeated("(", 100'000) + "A", repeated("[", 100'000), repeated("not ", 100'000) + "A",
                                  "A" + repeated(" + A", 100'000), repeated("{", 600) + "A" + repeated("}", 600)})
    EXPECT_EQ(code_of([&] { static_cast<void>(fun2ms("fun({A}) -> " + body + " end")); }), ErrorCode::system_limit);
}

}  // namespace
}  // namespace heirloom
