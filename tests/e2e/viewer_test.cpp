// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what a person types into `heirloom i` and sees, beside what ets:i/1 and ets:i/3 print for the same keys. Catches pages of
// a wrong length, lost places after a search, and a table deleted without a yes.
#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;

const std::string kPrompt = "(c)ontinue (q)uit (p)Digits (k)ill /Regexp -->\n";
const std::string kEnd = "EOT  (q)uit (p)Digits (k)ill /Regexp -->\n";

class Viewer : public Shell {
 protected:
  void make_numbers(int count) {
    std::vector<Term> objects;
    for (int key = 1; key <= count; ++key) objects.push_back({key, Atom("user" + std::to_string(key))});
    make_table("numbers", objects, {.type = TableType::ordered_set});
  }
  Outcome type(const std::string& lines, const std::string& arguments = "numbers --height 4") {
    return run("printf '" + lines + "' | heirloom i " + arguments);
  }
  static std::string item(int number, int key) {
    const std::string text = std::to_string(number);
    return '<' + text + std::string(4 - text.size(), ' ') + "> {" + std::to_string(key) + ",user" +
           std::to_string(key) + "}\n";
  }
};

TEST_F(Viewer, ListsTheTablesWithoutOne) {
  make_numbers(3);
  EXPECT_EQ(run("heirloom i").out, run("heirloom ls").out);
  EXPECT_EQ(run("heirloom i --json").out, run("heirloom ls --json").out);
  EXPECT_THAT(run("heirloom i numbers --json"), Complains(2, "--json is for the list of tables"));
  EXPECT_THAT(run("heirloom i nothing"), Complains(1, "there is no table \"nothing\""));
}

TEST_F(Viewer, ShowsAPageAtATimeUntilTheEnd) {
  make_numbers(7);
  EXPECT_THAT(type("\\nc\\nc\\nq\\n"), Prints(item(1, 1) + item(2, 2) + item(3, 3) + kPrompt + item(4, 4) + item(5, 5) +
                                              item(6, 6) + kPrompt + item(7, 7) + kEnd + kEnd));
  EXPECT_THAT(type("q\\n"), Prints(item(1, 1) + item(2, 2) + item(3, 3) + kPrompt));
  EXPECT_THAT(type(""), Prints(item(1, 1) + item(2, 2) + item(3, 3) + kPrompt)) << "the end of the input quits";
}

TEST_F(Viewer, APageIsTwentyByEightyWithoutATerminal) {
  make_numbers(30);
  std::string page;
  for (int key = 1; key < 20; ++key) page += item(key, key);
  EXPECT_THAT(type("q\\n", "numbers"), Prints(page + kPrompt));
  EXPECT_THAT(run("heirloom i numbers --height 1"), Complains(2, "--height"));
  EXPECT_THAT(run("heirloom i numbers --width 3"), Complains(2, "--width"));
}

TEST_F(Viewer, AnEmptyTableIsAtItsEnd) {
  make_table("numbers", {});
  EXPECT_THAT(type("c\\nq\\n"), Prints(kEnd + kEnd));
}

TEST_F(Viewer, CutsAtTheWidthAndPrintsAnObjectWhole) {
  const std::string umlauts = "\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc";
  make_table("numbers",
             {{1, "12345678"}, {2, "123456789"}, {3, umlauts}, {4, list({1, 2, {"deep"_atom}, map({{1, 2}})})}},
             {.type = TableType::ordered_set});
  // 30 are 7 for the number, 22 for the object, and one that stays free.
  EXPECT_THAT(type("p2\\np9\\np\\nx\\nq\\n", "numbers --width 26"),
              Prints("<1   > {1,<<\"12345678\">>}\n"
                     "<2   > {2,<<\"1234567  ...\n"
                     "<3   > {3,<<\"\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc  ...\n"
                     "<4   > {4,[1,2,{deep  ...\n" +
                     kEnd + "{2,<<\"123456789\">>}\n" + kEnd + "There is no object 9, but 4\n" + kEnd + "Bad digits\n" +
                     kEnd + kEnd));
}

TEST_F(Viewer, SearchesFromTheFirstObjectOnPageByPage) {
  make_numbers(50);
  EXPECT_THAT(type("/user[1-4]5\\nc\\np3\\nq\\n"), Prints(item(1, 1) + item(2, 2) + item(3, 3) + kPrompt +     //
                                                          item(1, 15) + item(2, 25) + item(3, 35) + kPrompt +  //
                                                          item(4, 45) + kEnd + "{35,user35}\n" + kEnd));
  EXPECT_THAT(type("/nobody\\nq\\n"), Prints(item(1, 1) + item(2, 2) + item(3, 3) + kPrompt + kEnd));
}

TEST_F(Viewer, ABadExpressionIsToldAndThePlaceKept) {
  make_numbers(4);
  EXPECT_THAT(type("/(\\nc\\nq\\n"), Prints(item(1, 1) + item(2, 2) + item(3, 3) + kPrompt +
                                            "`(`: Unmatched ( or \\(\n" + kPrompt + item(4, 4) + kEnd));
}

TEST_F(Viewer, ADotOfAnExpressionIsACharacter) {
  make_table("numbers", {{1, "M\u00fcller"}});
  EXPECT_THAT(type("/M.ller\\nq\\n"),
              Prints("<1   > {1,<<\"M\u00fcller\"/utf8>>}\n" + kEnd + "<1   > {1,<<\"M\u00fcller\"/utf8>>}\n" + kEnd));
}

TEST_F(Viewer, KillsATableOnceThatIsConfirmed) {
  make_numbers(1);
  const std::string question = "Kill numbers? (y)es -->\n";
  EXPECT_THAT(type("k\\nn\\nk\\n\\nk\\n"),
              Prints(item(1, 1) + kEnd + question + kEnd + question + kEnd + question + kEnd));
  EXPECT_THAT(run("heirloom get numbers 1"), Prints("{1,user1}\n"));
  EXPECT_THAT(type("k\\ny\\n"), Prints(item(1, 1) + kEnd + question));
  EXPECT_THAT(run("heirloom ls"), Prints(""));
}

TEST_F(Viewer, DoesNotKillATableOfSomebodyElse) {
  make_numbers(1);
  Node owner = Node::open(node());
  const Table numbers = owner.open_or_create("numbers"_atom, {.type = TableType::ordered_set});
  const Outcome outcome = type("k\\ny\\n");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("only its owner may delete the table \"numbers\""));
  EXPECT_EQ(numbers.size(), 1U);
}

TEST_F(Viewer, NeedsNoManagerToLook) {
  make_numbers(1);
  std::filesystem::remove(node() / "manager.lock");
  EXPECT_THAT(type("q\\n"), Prints(item(1, 1) + kEnd));
  EXPECT_FALSE(std::filesystem::exists(node() / "manager.lock"));
}

}  // namespace

}  // namespace heirloom::e2e
