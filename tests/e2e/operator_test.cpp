// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what an operator does at night about a table, command by command, beside an owner that lives or has been killed.
#include <signal.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;
using nlohmann::json;
using ::testing::HasSubstr;

class Operator : public Shell {
 protected:
  void make_jobs() { make_table("jobs", {{1, "a"}, {2, "b"}}); }
};

TEST_F(Operator, LineageTellsWhoHadTheTableAndHowThatEnded) {
  make_jobs();
  {
    Node owner = Node::open(node());
    owner.open_or_create("jobs"_atom);
  }
  const Outcome lines = run("heirloom lineage jobs");
  EXPECT_EQ(lines.status, 0);
  EXPECT_THAT(lines.out, HasSubstr("): left the node\n"));
  EXPECT_THAT(lines.out, HasSubstr(".. now  the node: has it\n"));
  const json tenures = json::parse(run("heirloom lineage jobs --json").out);
  EXPECT_EQ(tenures.size(), 4U);  // made, left; owned, left
  EXPECT_EQ(tenures[2]["end"], "closed");
  EXPECT_EQ(tenures[3]["owner"], nullptr);
  EXPECT_EQ(tenures[3]["until"], nullptr);
}

TEST_F(Operator, LineageOfATableThatIsNotThereIsStatusOne) {
  make_jobs();
  EXPECT_THAT(run("heirloom lineage nothing"), Complains(1, "there is no table \"nothing\""));
}

TEST_F(Operator, ReclaimTakesATableFromItsOwner) {
  make_jobs();
  Node owner = Node::open(node());
  Table jobs = owner.open_or_create("jobs"_atom);
  EXPECT_THAT(run("heirloom drop jobs"), Complains(3, "only its owner may delete"));
  EXPECT_THAT(run("heirloom reclaim jobs"), Prints(""));
  EXPECT_THROW(jobs.insert({3, "c"}), Error);
  EXPECT_THAT(run("heirloom reclaim jobs"), Complains(3, "nobody owns the table \"jobs\" now"));
  EXPECT_THAT(run("heirloom lineage jobs"), testing::Field(&Outcome::out, HasSubstr("taken from it by an operator")));
  EXPECT_THAT(run("heirloom drop jobs && heirloom ls"), Prints(""));
}

TEST_F(Operator, QuarantineSetsATableAsideAndReleaseGivesItBack) {
  make_jobs();
  EXPECT_THAT(run("heirloom quarantine jobs --cause 'for a look'"), Prints(""));
  EXPECT_THAT(run("heirloom quarantine"), Prints("jobs@1  2 objects  for a look\n"));
  EXPECT_EQ(json::parse(run("heirloom quarantine --json").out)[0]["name"], "jobs@1");
  EXPECT_THAT(run("heirloom ls"), testing::Field(&Outcome::out, HasSubstr("set aside")));
  EXPECT_THAT(run("heirloom get jobs@1 1"), Prints("{1,<<\"a\">>}\n"));
  EXPECT_THAT(run("heirloom put jobs@1 '{3}'"), Complains(3, "set aside"));
  EXPECT_THAT(run("heirloom get jobs 1"), Complains(1, "there is no table \"jobs\""));
  EXPECT_THAT(run("heirloom release nothing"), Complains(1, "no table \"nothing\" is set aside"));
  EXPECT_THAT(run("heirloom release jobs && heirloom get jobs 1"), Prints("{1,<<\"a\">>}\n"));
  EXPECT_THAT(run("heirloom quarantine"), Prints(""));
}

TEST_F(Operator, ReleaseAsksBeforeItReplacesATable) {
  make_jobs();
  EXPECT_THAT(run("heirloom quarantine jobs"), Prints(""));
  make_table("jobs", {{1, "fresh"}});
  EXPECT_THAT(run("heirloom release jobs"), Complains(3, "another table has the name \"jobs\" now"));
  EXPECT_THAT(run("heirloom release jobs@1 --replace && heirloom get jobs 1"), Prints("{1,<<\"a\">>}\n"));
  EXPECT_THAT(run("heirloom drop jobs@2 && heirloom quarantine"), Prints(""));
}

TEST_F(Operator, TakeoverEndsAManagerThatIsStopped) {
  const pid_t manager = start("heirloom serve > ready");
  wait_until("grep -q serving ready");
  EXPECT_THAT(run("heirloom takeover"), Complains(3, "(program 1), answers"));
  ASSERT_EQ(::kill(manager, SIGSTOP), 0);
  EXPECT_THAT(run("heirloom takeover --timeout 100"),
              Prints("ended the manager, process " + std::to_string(manager) + "\n"));
  EXPECT_THAT(run("heirloom takeover"), Complains(3, "nobody is the manager"));
}

}  // namespace

}  // namespace heirloom::e2e
