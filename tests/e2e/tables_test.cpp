// SPDX-License-Identifier: Apache-2.0
//
// Strategy: the commands that look at tables and change them, each as a person or a script runs it on a node that a program
// has left behind. Catches commands that need a manager to look, output that scripts cannot read, and writes that go where
// they may not.
#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;
using nlohmann::json;
using ::testing::HasSubstr;

class Tables : public Shell {
 protected:
  void make_users() { make_table("users", {{"alice"_atom, 41, "Berlin"}, {"bob"_atom, 23, "Rome"}}); }
};

TEST_F(Tables, GetPrintsTheObjectOfAKey) {
  make_users();
  EXPECT_THAT(run("heirloom get users alice"), Prints("{alice,41,<<\"Berlin\">>}\n"));
}

TEST_F(Tables, GetOfAnAbsentKeyIsStatusOne) {
  make_users();
  EXPECT_THAT(run("heirloom get users carol"), Complains(1, "get: table \"users\" has no object with the key carol"));
}

TEST_F(Tables, ATableThatIsNotThereIsStatusOne) {
  make_users();
  for (const char* line : {"heirloom get nothing a", "heirloom info nothing", "heirloom dump nothing",
                           "heirloom check nothing", "heirloom put nothing '{a}'", "heirloom delete nothing a"}) {
    EXPECT_THAT(run(line), Complains(1, "there is no table \"nothing\"")) << line;
  }
}

TEST_F(Tables, PutAndDeleteChangeANodeTableThatNobodyOwns) {
  make_users();
  EXPECT_THAT(run("heirloom put users '{<<\"x y\">>, [1, 2.5], #{a => -7}}'"), Prints(""));
  EXPECT_THAT(run("heirloom get users '<<\"x y\">>'"), Prints("{<<\"x y\">>,[1,2.5],#{a => -7}}\n"));
  EXPECT_THAT(run("heirloom put users '{-5}' && heirloom get users -- -5"), Prints("{-5}\n"));
  EXPECT_THAT(run("heirloom delete users alice"), Prints(""));
  EXPECT_THAT(run("heirloom delete users alice"), Complains(1, "no object with the key alice"));
  EXPECT_EQ(json::parse(run("heirloom info users --json").out)["owner"], nullptr) << "the table went back to the node";
}

TEST_F(Tables, CreateMakesATableOfTheNodeWithTheOptionsOfEts) {
  EXPECT_THAT(run("heirloom create hits '[bag, ordered_set, public, {keypos, 2}, compressed]'"), Prints(""));
  const json info = json::parse(run("heirloom info hits --json").out);
  EXPECT_EQ(info["type"], "ordered_set");
  EXPECT_EQ(info["keypos"], 2);
  EXPECT_EQ(info["compressed"], true);
  EXPECT_EQ(info["owner"], nullptr);
  EXPECT_THAT(run("heirloom put hits '{a, 1}' && heirloom get hits 1"), Prints("{a,1}\n"));
  EXPECT_THAT(run("heirloom create hits"), Complains(3, "there is a table \"hits\""));
  EXPECT_THAT(run("heirloom create other '[set, {keypos, 0}]'"), Complains(2, "there is no option {keypos,0}"));
  EXPECT_THAT(run("heirloom create other '[set'"), Complains(2, "options"));
}

TEST_F(Tables, SelectPrintsWhatAFunOrASpecificationSays) {
  make_users();
  EXPECT_THAT(run("heirloom select users 'fun({Name, Age, _}) when Age > 30 -> {Name, Age + 1} end'"),
              Prints("{alice,42}\n"));
  EXPECT_THAT(run("heirloom select users \"[{{'_','_','\\$1'},[],['\\$1']}]\" | sort"),
              Prints("<<\"Berlin\">>\n<<\"Rome\">>\n"));
  EXPECT_THAT(run("heirloom select users 'fun({N, A, _}) when A > 99 -> N end'"), Prints(""));
  EXPECT_THAT(run("heirloom count users 'fun({_, Age, _}) -> Age < 100 end'"), Prints("2\n"));
  EXPECT_THAT(run("heirloom count users 'fun({_, Age, _}) -> Age end' --json"), Prints("{\"count\":0}\n"));
  const json match = json::parse(run("heirloom select users 'fun({bob, Age, City}) -> {Age, City} end' --json").out);
  EXPECT_EQ(match, json::parse(R"({"match":[23,"Rome"],"term":"{23,<<\"Rome\">>}"})"));
}

TEST_F(Tables, SelectOfAnOrderedSetIsInItsOrderAndStopsAtItsLimit) {
  EXPECT_THAT(run("heirloom create numbers '[ordered_set, public]'"), Prints(""));
  for (const char* object : {"{3}", "{1}", "{2}"}) run(std::string("heirloom put numbers '") + object + "'");
  EXPECT_THAT(run("heirloom select numbers 'fun({N}) -> N end' --limit 2"), Prints("1\n2\n"));
  EXPECT_THAT(run("heirloom select numbers 'fun({N}) -> N end' --reverse"), Prints("3\n2\n1\n"));
}

TEST_F(Tables, ASpecificationThatIsNoneSaysWhatIsWrong) {
  make_users();
  EXPECT_THAT(run("heirloom select users 'fun({N, A, _}) when B > 1 -> N end'"),
              Complains(2, "line 1, column 21: the variable B has no value"));
  EXPECT_THAT(run("heirloom select users 'fun({N, A, _}) -> foo(N) end'"),
              Complains(2, "Function foo/1 does_not_exist."));
  EXPECT_THAT(run("heirloom count users '[{a,b}]'"), Complains(2, "Match program part is not a tuple of arity 3."));
  EXPECT_THAT(run("heirloom count users ''"), Complains(2, "SPEC"));
  EXPECT_THAT(run("heirloom select nothing '[]'"), Complains(1, "there is no table \"nothing\""));
  EXPECT_THAT(run("heirloom select users '[]' --limit 0"), Complains(2, "--limit"));
}

TEST_F(Tables, LimitSetsMaxBytes) {
  make_users();
  EXPECT_THAT(run("heirloom limit users 2MiB"), Prints(""));
  EXPECT_EQ(json::parse(run("heirloom info users --json").out)["max_bytes"], 2 << 20);
  EXPECT_THAT(run("heirloom limit users 1"), Complains(3, "1 is not between 1 MiB and"));
  EXPECT_THAT(run("heirloom limit users much"), Complains(2, "much"));
  EXPECT_THAT(run("heirloom limit nothing 2MiB"), Complains(1, "there is no table \"nothing\""));
}

TEST_F(Tables, PutIntoAPublicTableOfALivingOwner) {
  Node owner = Node::open(node());
  Table counters = owner.create("counters"_atom, {.protection = Protection::public_access});
  EXPECT_THAT(run("heirloom put counters '{hits, 1}'"), Prints(""));
  EXPECT_EQ(counters.lookup_element("hits"_atom, 2), Term(1));
}

TEST_F(Tables, PutIntoATableOfALivingOwnerSaysAccessAndWhoseItIs) {
  Node owner = Node::open(node());
  Table counters = owner.open_or_create("counters"_atom);
  const std::string whose =
      "it is protected and belongs to " + to_string(Term(owner.root())) + ", which alone may write (access)";
  EXPECT_THAT(run("heirloom put counters '{hits, 1}'"), Complains(3, whose));
  EXPECT_THAT(run("heirloom delete counters hits"), Complains(3, whose));
  EXPECT_EQ(counters.size(), 0);
}

TEST_F(Tables, LsNamesTheTablesAndJsonHasAllAboutThem) {
  EXPECT_THAT((make_users(), run("heirloom ls").out), HasSubstr("users"));
  make_table("a b", {}, {.keypos = 2});
  const json tables = json::parse(run("heirloom ls --json").out);
  ASSERT_EQ(tables.size(), 2);
  EXPECT_EQ(tables[0]["name"], "a b");
  EXPECT_EQ(tables[0]["keypos"], 2);
  EXPECT_EQ(tables[1]["name"], "users");
  EXPECT_EQ(tables[1]["size"], 2);
  EXPECT_EQ(tables[1]["type"], "set");
  EXPECT_EQ(tables[1]["protection"], "protected");
  EXPECT_EQ(json::parse(run("heirloom info 'a b' --json").out), tables[0]);
}

TEST_F(Tables, DumpPrintsEveryObjectAndJsonItsParts) {
  make_table("things", {{1, 2.5, "text", "\1\xff", true, Term(), list({1, 2}), map({{"key"_atom, "value"}})}});
  const std::string term = "{1,2.5,<<\"text\">>,<<1,255>>,true,[],[1,2],#{key => <<\"value\">>}}";
  EXPECT_THAT(run("heirloom dump things"), Prints(term + '\n'));
  const json line = json::parse(run("heirloom dump things --json").out);
  EXPECT_EQ(line["term"], term);
  EXPECT_EQ(line["object"], json::parse(R"([1, 2.5, "text", "<<1,255>>", true, [], [1, 2], {"key": "value"}])"));
  EXPECT_EQ(json::parse(run("heirloom get things 1 --json").out), line);
}

class Dump : public Tables {
 protected:
  void make_people() {
    std::vector<Term> people;
    for (int id = 1; id <= 5; ++id) people.push_back({id, 10 * id, Atom(id % 2 == 0 ? "even" : "odd")});
    make_table("people", people, {.type = TableType::ordered_set});
  }
};

TEST_F(Dump, PrintsTheObjectsThatAPatternMatchesAndForWhichGuardsHold) {
  make_people();
  EXPECT_THAT(run("heirloom dump people --match '{_, _, even}'"), Prints("{2,20,even}\n{4,40,even}\n"));
  EXPECT_THAT(run("heirloom dump people --match '{3, _, _}'"), Prints("{3,30,odd}\n"));
  EXPECT_THAT(run("heirloom dump people --match '{_, Age, _}' --when 'Age > 10, Age < 40'"),
              Prints("{2,20,even}\n{3,30,odd}\n"));
  EXPECT_THAT(run("heirloom dump people --match '{Id, Age, _}' --when 'Age > 40; Id < 2'"),
              Prints("{1,10,odd}\n{5,50,odd}\n"));
  EXPECT_THAT(run("heirloom dump people --match '{_, 20, _} = Object' --when 'is_tuple(Object)'"),
              Prints("{2,20,even}\n"));
  EXPECT_THAT(run("heirloom dump people --match '{_, _}'"), Prints(""));
  EXPECT_EQ(json::parse(run("heirloom dump people --match '{4, _, _}' --json").out)["term"], "{4,40,even}");
}

TEST_F(Dump, GoesThroughAnOrderedSetFromAKeyOnOrBack) {
  make_people();
  EXPECT_THAT(run("heirloom dump people --from 4"), Prints("{4,40,even}\n{5,50,odd}\n"));
  EXPECT_THAT(run("heirloom dump people --from 2.5 --limit 1"), Prints("{3,30,odd}\n"));
  EXPECT_THAT(run("heirloom dump people --from 2.5 --reverse"), Prints("{2,20,even}\n{1,10,odd}\n"));
  EXPECT_THAT(run("heirloom dump people --from 2 --reverse --limit 1"), Prints("{2,20,even}\n"));
  EXPECT_THAT(run("heirloom dump people --reverse --limit 2"), Prints("{5,50,odd}\n{4,40,even}\n"));
  EXPECT_THAT(run("heirloom dump people --reverse --match '{_, _, even}'"), Prints("{4,40,even}\n{2,20,even}\n"));
  EXPECT_THAT(run("heirloom dump people --from 2 --match '{_, _, odd}' --limit 1"), Prints("{3,30,odd}\n"));
  EXPECT_THAT(run("heirloom dump people --from 9"), Prints(""));
  EXPECT_THAT(run("heirloom dump people --limit 1"), Prints("{1,10,odd}\n"));
}

TEST_F(Dump, NeedsAnOrderForFromAndReverse) {
  make_users();
  EXPECT_THAT(run("heirloom dump users --from alice"),
              Complains(3, "--from needs the order of an ordered_set, and this is a set (table_type)"));
  EXPECT_THAT(run("heirloom dump users --reverse"), Complains(3, "--reverse needs the order of an ordered_set"));
  EXPECT_THAT(run("heirloom dump users --limit 1 | wc -l"), Prints("1\n"));
}

TEST_F(Dump, SaysWhereAPatternOrAGuardIsWrong) {
  make_people();
  const auto dump = [&](const std::string& options) { return run("heirloom dump people " + options); };
  EXPECT_THAT(dump("--match '{_, ?}'"), Complains(2, "dump: --match `{_, ?}`: line 1, column 5: "));
  EXPECT_THAT(dump("--match '{_,\n ?}'"), Complains(2, "line 2, column 2: "));
  EXPECT_THAT(dump("--match '{_, '"), Complains(2, "--match `{_, `: at its end: "));
  EXPECT_THAT(dump("--match ''"), Complains(2, "--match ``: one pattern is expected, as {_, Age, _}"));
  EXPECT_THAT(dump("--match '{A}) -> A; ({B}'"), Complains(2, "one pattern is expected"));
  EXPECT_THAT(dump("--match '{_, Age,\n _}' --when 'Age > 1, Aeg < 5'"),
              Complains(2, "--when `Age > 1, Aeg < 5`: line 1, column 10: the variable Aeg has no value"));
  EXPECT_THAT(dump("--match '{_, Age, _}' --when 'Age >'"), Complains(2, "--when `Age >`: at its end: "));
  EXPECT_THAT(dump("--match '{_, Age, _}' --when 'foo(Age)'"), Complains(2, "--when `foo(Age)`: Function foo/1"));
  EXPECT_THAT(dump("--match 'A' --when 'A -> 1; (B) when B'"), Complains(2, "guards are expected"));
  EXPECT_THAT(dump("--when true"), Complains(2, "--when requires --match"));
  EXPECT_THAT(dump("--from '{'"), Complains(2, "--from `{`: line 1, column 2: "));
  EXPECT_THAT(dump("--limit 0"), Complains(2, "--limit: `0` is no number from 1 on"));
}

TEST_F(Tables, CheckOfAWholeTableAccountsForItsMemory) {
  make_users();
  const Outcome check = run("heirloom check users");
  EXPECT_EQ(check.status, 0) << check;
  EXPECT_THAT(check.out, HasSubstr("table \"users\": whole, 2 objects"));
  const json report = json::parse(run("heirloom check users --json").out);
  EXPECT_EQ(report["ok"], true);
  EXPECT_EQ(report["allocated_bytes"], report["live_bytes"].get<int>() + report["retired_bytes"].get<int>() +
                                           report["free_bytes"].get<int>() + report["cached_bytes"].get<int>());
}

TEST_F(Tables, CommandsThatOnlyLookNeedNoManagerAndBecomeNone) {
  make_users();
  std::filesystem::remove(node() / "manager.lock");
  EXPECT_EQ(
      run("heirloom ls && heirloom info users && heirloom get users bob && heirloom dump users && heirloom check users")
          .status,
      0);
  EXPECT_FALSE(std::filesystem::exists(node() / "manager.lock"));
}

TEST_F(Tables, AReaderThatGoesAwayEndsTheOutputQuietly) {
  std::vector<Term> many;
  for (int key = 0; key < 20'000; ++key) many.push_back({key, "a value of some length"});
  make_table("many", many);
  EXPECT_THAT(run("heirloom dump many | head -n 1 > /dev/null"), Prints(""));
  // Also where SIGPIPE is ignored, as below Python.
  EXPECT_THAT(run("trap '' PIPE; heirloom dump many | head -n 1 > /dev/null"), Prints(""));
}

TEST_F(Tables, OutputThatCannotBeWrittenIsAnError) {
  make_users();
  EXPECT_THAT(run("heirloom dump users > /dev/full"),
              Complains(3, "write to standard output: No space left on device"));
}

}  // namespace

}  // namespace heirloom::e2e
