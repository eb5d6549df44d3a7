// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what an operator does at night about a table, command by command, beside an owner that lives or has been killed.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

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

// A program that owns the table `jobs` and writes to it without a pause, killed in the middle of that.
pid_t kill_writer(const std::filesystem::path& node) {
  const pid_t writer = ::fork();
  if (writer == 0) {
    Node opened = Node::open(node, {.role = NodeRole::client});
    Table jobs = opened.open_or_create("jobs"_atom);
    for (std::int64_t round = 0;; ++round) {
      std::vector<Term> objects;
      for (std::int64_t key = 0; key < 300; ++key) objects.push_back({key, round});
      jobs.insert(objects);
    }
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::kill(writer, SIGKILL);
  ::waitpid(writer, nullptr, 0);
  return writer;
}

TEST_F(Operator, LineageTellsWhatWasUnderWayWhenAProgramWasKilled) {
  start("heirloom serve > ready 2> log");
  wait_until("grep -q serving ready");
  json repair;
  for (int kills = 0; kills < 200 && repair.is_null(); ++kills) {
    const pid_t writer = kill_writer(node());
    {
      Node next = Node::open(node(), {.role = NodeRole::client});
      while (next.open_or_create("jobs"_atom).owner() != next.root()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      static_cast<void>(next.open_table("jobs"_atom).lineage());  // answered after what was told before
    }
    for (const json& tenure : json::parse(run("heirloom lineage jobs --json").out)) {
      for (const json& each : tenure["repairs"]) {
        if (each["process"] == writer && each["outcome"] != "nothing") repair = each;
      }
    }
  }
  ASSERT_FALSE(repair.is_null()) << "200 programs were killed, and none in the middle of a write";
  EXPECT_EQ(repair["operation"], "insert");
  EXPECT_EQ(repair["end"], "killed");
  EXPECT_GT(repair["took_ns"], 0);
  EXPECT_GT(repair["at"], 1'000'000'000'000'000'000);
  EXPECT_GE(repair["locks"], 1);
  const std::string who = "  program " + std::to_string(repair["program"].get<int>()) + ", process " +
                          std::to_string(repair["process"].get<int>()) + ", killed";
  const std::string what = " under way: " + repair["outcome"].get<std::string>() + ", in ";
  const Outcome lines = run("heirloom lineage jobs");
  EXPECT_THAT(lines.out, testing::AllOf(HasSubstr(who), HasSubstr(", left insert"), HasSubstr(what)));
  EXPECT_THAT(read_file("log"), testing::AllOf(HasSubstr("heirloom: serve: table 'jobs': program "), HasSubstr(what)));
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
