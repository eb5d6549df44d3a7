// SPDX-License-Identifier: Apache-2.0
//
// Strategy: heirloom shell as a script and as a person at a terminal uses it. Catches results that are not printed, statements that are
// cut wrongly, a failure that goes on unnoticed, and a terminal in which Tab, the history, or an unfinished line does not work. What
// expressions are is the business of src/match, what functions do that of src/ets.
#include <string>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

MATCHER(HasFailed, "") { return arg.status == 3; }
MATCHER_P(HasPrinted, text, "") { return arg.out == text; }

class Expressions : public Shell {
 protected:
  Expressions() {
    make_table("users", {{"alice"_atom, 41}, {"bob"_atom, 23}},
               {.type = TableType::ordered_set, .protection = Protection::public_access});
  }
  Outcome from_file(const std::string& statements) {
    write_file("statements", statements);
    return run("heirloom shell < statements");
  }
  // What a terminal shows when somebody types this.
  std::string typed(const std::string& keys) {
    write_file("keys", keys);
    return run("HEIRLOOM_HISTORY=history TERM=xterm script -qec 'heirloom shell' /dev/null < keys").out;
  }
};

TEST_F(Expressions, EachStatementPrintsWhatItIs) {
  EXPECT_THAT(from_file("ets:lookup(users, alice).\n"
                        "Least = 30,\nets:select(users, fun({N, A}) when A > Least -> N end). % over two lines\n"
                        "1 + 1. 2 + 2.\n"
                        "Least + 1"),
              Prints("[{alice,41}]\n[alice]\n2\n4\n31\n"));
}

TEST_F(Expressions, AllOperationsOfEts) {
  EXPECT_THAT(
      from_file("T = ets:new(hits, [bag, public]).\n"
                "ets:insert(T, [{a, 1}, {a, 2}]), lookup(T, a).\n"
                "ets:foldl(fun({_, N}, Sum) -> N + Sum end, 0, T).\n"
                "ets:foldr(fun({_, N}, L) -> [N | L] end, [], users).\n"
                "ets:fun2ms(fun({_, N}) -> N end).\n"
                "ets:init_table(T, fun(read) -> end_of_input end), ets:info(T, size).\n"
                "{Names, Rest} = ets:match(users, {'$1', '_'}, 1), {More, _} = ets:match(Rest), {Names, More}.\n"
                "ets:tab2file(users, \"users.tab\", [{extended_info, [md5sum]}]).\n"
                "ets:rename(users, people), ets:file2tab(\"users.tab\", [{verify, true}]).\n"
                "ets:all().\n"),
      Prints("hits\n[{a,1},{a,2}]\n3\n[41,23]\n[{{'_','$1'},[],['$1']}]\n0\n{[[alice]],[[bob]]}\nok\n{ok,users}\n"
             "[hits,people,users]\n"));
  EXPECT_THAT(run("heirloom ls"), Not(Prints("hits"))) << "its owner has ended";
}

TEST_F(Expressions, WhatEtsDoesNotHave) {
  EXPECT_THAT(from_file("heirloom:create(jobs, [{keypos, 2}]), heirloom:owner(jobs) == self().\n"
                        "heirloom:check(jobs).\n"
                        "heirloom:limit(jobs, 2097152).\n"
                        "register(me), whereis_name(me) == self().\n"
                        "ets:give_away(jobs, self(), gift)."),
              AllOf(HasFailed(), HasPrinted("true\nok\ntrue\ntrue\n")));
  EXPECT_THAT(run("heirloom get jobs 1"), Complains(1, "no object")) << "a node table outlives the shell";
}

TEST_F(Expressions, TablesAreListedAndPagedThrough) {
  EXPECT_THAT(run("heirloom shell -e 'i()'").out, AllOf(HasSubstr("OBJECTS"), HasSubstr("users")));
  EXPECT_THAT(run("echo q | heirloom shell -e 'ets:i(users)'").out, HasSubstr("<1   > {alice,41}"));
  EXPECT_THAT(from_file("i(users).\np2\nq\n1 + 1.\n").out, AllOf(HasSubstr("{bob,23}"), HasSubstr("2\n")));
}

TEST_F(Expressions, TheFirstFailureOfAScriptEndsIt) {
  const Outcome outcome = from_file("1.\nets:lookup(nothing, 1).\n2.\n");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.out, "1\n");
  EXPECT_THAT(outcome.err, HasSubstr("there is no table \"nothing\" (id)"));
  EXPECT_THAT(
      run("heirloom shell -e 'ets:lookup(users,'"),
      Complains(3, "read an expression: line 1, column 18: an expression is expected, not the end of the text"));
  EXPECT_THAT(run("heirloom shell -e 'nothing(1)'"), Complains(3, "call nothing/1: there is no such function; help()"));
  EXPECT_THAT(run("heirloom shell -e '1.' -e '2. 3'"), Prints("1\n2\n3\n"));
  EXPECT_THAT(run("heirloom shell -e '[1,2]' -e '[H|T] = [1,2]'"), Prints("[1,2]\n[1,2]\n")) << "each is one statement";
  EXPECT_THAT(run("heirloom shell -e 'q(), 7' -e 8"), Prints(""));
}

TEST_F(Expressions, VariablesAreToldAndForgotten) {
  EXPECT_THAT(from_file("X = 1, F = fun(A) -> A end.\nb().\nf(X).\nX = 2.\nv(1).\nf().\nX."),
              AllOf(HasFailed(), HasPrinted("fun(A) -> A end\nF = fun(A) -> A end\nX = 1\nok\n2\nfun(A) -> A end\n")));
}

TEST_F(Expressions, ThoseWhoOnlyLookNeedNoManagerAndChangeNothing) {
  EXPECT_THAT(run("heirloom shell --observe -e 'ets:info(users, size)'"), Prints("2\n"));
  EXPECT_THAT(run("heirloom shell --observe -e 'ets:new(t, [])'"), Complains(3, "only to look"));
}

TEST_F(Expressions, AtATerminalTabCompletesAndAnUnfinishedLineGoesOn) {
  const std::string shown =
      typed("ets:lookup(us\t, bob)\n{1,\n2}\n1 +\n\nets:lookup_el\tusers, alice, 2).\nnothing().\nq()\n");
  EXPECT_THAT(shown, HasSubstr("[{bob,23}]"));
  EXPECT_THAT(shown, HasSubstr("{1,2}"));
  EXPECT_THAT(shown,
              HasSubstr("** read an expression: line 1, column 4: an expression is expected, not the end of the text"));
  EXPECT_THAT(shown, HasSubstr("\n41"));
  EXPECT_THAT(shown, HasSubstr("** call nothing/0: there is no such function")) << "and it goes on";
  EXPECT_THAT(read_file("history"), AllOf(HasSubstr("nothing()."), HasSubstr("q()")));
  EXPECT_THAT(run("stat -c %a history"), Prints("600\n")) << "what was typed is nobody else's business";
}

TEST_F(Expressions, CtrlCDropsTheLineAndNothingElse) {
  // One after another: what a terminal has not passed on yet when Ctrl-C comes, it forgets.
  const Outcome outcome =
      run("(printf 'X = 7.\\n'; sleep 2; printf 'this is dropped\\003'; sleep 2; printf 'X + 1.\\nq()\\n') | "
          "HEIRLOOM_HISTORY= TERM=xterm script -qec 'heirloom shell' /dev/null");
  EXPECT_THAT(outcome.out, HasSubstr("\n8"));
}

TEST_F(Expressions, AFunIsASpecificationOnlyWhereOneIsExpected) {
  EXPECT_THAT(run("heirloom shell -e 'ets:insert(users, fun(X) -> X end)'"), Complains(3, "a fun is no term here"));
  EXPECT_THAT(run("heirloom shell -e 'ets:test_ms({a}, fun({X}) -> X end), erlang:self() == self()'"),
              Prints("true\n"));
}

TEST_F(Expressions, AHistoryIsAddedToWhateverIsInIt) {
  write_file("history", "1 + 1.\n");
  typed("2 + 2.\n");
  EXPECT_EQ(read_file("history"), "1 + 1.\n2 + 2.\n");
  std::string much;
  for (int i = 0; i < 2500; ++i) much += std::to_string(i) + ".\n";
  write_file("history", much);
  typed("7.\n");
  EXPECT_EQ(read_file("history"), much.substr(much.find("\n1500.\n") + 1) + "7.\n") << "what is old goes";
}

TEST_F(Expressions, ItsHistoryIsThereTheNextTime) {
  typed("123456\n");
  EXPECT_THAT(typed("\x1b[A\n"), HasSubstr("\n123456")) << "the arrow up, and Enter";
}

}  // namespace

}  // namespace heirloom::e2e
