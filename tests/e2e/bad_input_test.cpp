// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what a person may get wrong on the command line. Each mistake has one line that says what, where and, if there
// is something, what would be right; and nothing was changed.
#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;

class BadInput : public Shell {};

TEST_F(BadInput, UnknownOptionsCommandsAndArguments) {
  EXPECT_THAT(run("heirloom --frob"), Complains(2, "there is no option --frob (see heirloom --help)"));
  EXPECT_THAT(run("heirloom frob"), Complains(2, "there is no command frob (see heirloom --help)"));
  EXPECT_THAT(run("heirloom get --frob"), Complains(2, "get: there is no option --frob (see heirloom get --help)"));
  EXPECT_THAT(run("heirloom get users alice bob"), Complains(2, "get: one argument too many: bob"));
  EXPECT_THAT(run("heirloom get users"), Complains(2, "get: KEY is required"));
  EXPECT_THAT(run("heirloom demo --kills many"), Complains(2, "demo: "));
  EXPECT_THAT(run("heirloom demo --sabotage gently"), Complains(2, "`gently` is not one of split-insert|no-repair"));
}

TEST_F(BadInput, NoNodeIsSaid) {
  EXPECT_THAT(run("unset HEIRLOOM_NODE; heirloom ls"),
              Complains(2, "which node? Give --node DIR, or set HEIRLOOM_NODE"));
}

TEST_F(BadInput, HelpIsNoErrorAndNamesEveryCommandOfAPerson) {
  const Outcome help = run("heirloom --help");
  EXPECT_EQ(help.status, 0);
  for (const char* command :
       {"demo", "serve", "run", "ls", "info", "get", "put", "delete", "dump", "save", "load", "check", "Exit status"}) {
    EXPECT_THAT(help.out, ::testing::HasSubstr(command));
    EXPECT_EQ(run(std::string("heirloom ") + (std::string(command) == "Exit status" ? "" : command) + " --help").status,
              0);
  }
  EXPECT_THAT(help.out, ::testing::Not(::testing::HasSubstr("demo-worker")));
}

TEST_F(BadInput, ASyntaxErrorInATermSaysWhere) {
  make_table("users", {});
  EXPECT_THAT(run("heirloom get users '{alice'"), Complains(2, "get: KEY `{alice`: line 1, column 7: "));
  EXPECT_THAT(run("heirloom put users '{alice, ?}'"), Complains(2, "put: OBJECT `{alice, ?}`: line 1, column 9: "));
  EXPECT_THAT(run("heirloom put users '{a,\n  ]}'"), Complains(2, "line 2, column 3: "));
  EXPECT_THAT(run("heirloom dump users"), Prints(""));
}

TEST_F(BadInput, ObjectsThatATableCannotHold) {
  make_table("users", {}, {.keypos = 2});
  EXPECT_THAT(run("heirloom put users '[1, 2]'"), Complains(2, "an object is a tuple"));
  EXPECT_THAT(run("heirloom put users alice"), Complains(2, "an object is a tuple"));
  EXPECT_THAT(run("heirloom put users '{alice}'"), Complains(3, "badarg"));
  EXPECT_THAT(run("heirloom put users '{}'"), Complains(3, "badarg"));
  EXPECT_THAT(run("heirloom dump users"), Prints(""));
}

TEST_F(BadInput, ATableNameThatIsNoAtom) {
  make_table("users", {});
  EXPECT_THAT(run("heirloom info " + std::string(300, 'x')), Complains(2, "TABLE: "));
  EXPECT_THAT(run("heirloom info \"$(printf '\\377')\""), Complains(2, "TABLE: "));
  EXPECT_THAT(run("heirloom info ''"), Complains(1, "there is no table \"\""));
}

TEST_F(BadInput, ATableNameThatIsTaken) {
  Node node = Node::open(this->node());
  Table users = node.create("users"_atom);
  try {
    static_cast<void>(node.create("users"_atom));
    FAIL() << "two tables of one name";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::already_exists) << error.what();
  }
}

}  // namespace

}  // namespace heirloom::e2e
