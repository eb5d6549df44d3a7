// SPDX-License-Identifier: Apache-2.0
//
// Strategy: heirloom doctor on a machine as it is, and on nodes that were left in several ways. Catches findings that are missed, and a
// node that is deleted though somebody has it. What facts mean is tested beside them (apps/heirloom/doctor).
#include <sys/wait.h>

#include <csignal>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DoctorCommand : public Shell {
 protected:
  // The findings about a topic, as "gravity what".
  std::string findings(const std::string& topic, const std::string& options = "") {
    const Outcome outcome = run("heirloom doctor --json " + options);
    EXPECT_TRUE(outcome.status == 0 || outcome.status == 1) << outcome;
    std::string found;
    for (const json& finding : json::parse(outcome.out)) {
      if (finding["topic"] == topic)
        found += finding["gravity"].get<std::string>() + " " + finding["what"].get<std::string>() + "\n";
    }
    return found;
  }
  [[nodiscard]] bool exists(const std::string& name) const { return std::filesystem::exists(file(name)); }
};

TEST_F(DoctorCommand, LooksAtAMachineWithoutANode) {
  for (const char* topic : {"space", "memory", "limits", "logind", "pids", "leftovers"})
    EXPECT_NE(findings(topic), "") << topic;
  EXPECT_THAT(findings("trial"), HasSubstr("fine a node can be opened"));
  EXPECT_THAT(run("ls").out, Not(HasSubstr("heirloom-doctor"))) << "what was tried is gone";
  EXPECT_THAT(run("heirloom doctor").out, HasSubstr("trial"));
}

TEST_F(DoctorCommand, TellsWhyNoNodeCanBeOpened) {
  const Outcome outcome = run("heirloom doctor --node /proc/node");  // where nobody makes directories
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("bad      trial"));
}

TEST_F(DoctorCommand, FindsTablesThatWereSetAside) {
  make_table("jobs", {{1, 2}});
  EXPECT_THAT(findings("tables"), HasSubstr("fine none"));
  EXPECT_EQ(run("heirloom quarantine jobs --cause 'it kills'").status, 0);
  EXPECT_THAT(findings("tables"), AllOf(HasSubstr("warning jobs@"), HasSubstr("it kills")));
  std::filesystem::create_directories(node() / "broken");
  write_file("node/broken/7", "what was a table");
  EXPECT_THAT(findings("tables"), HasSubstr("1 segments that could not be opened"));
}

TEST_F(DoctorCommand, FindsNodesThatNoProgramHasOpenAndReclaimsThem) {
  make_table("mine", {{1, 2}});
  EXPECT_THAT(run("heirloom create --node other sessions '[public]' && heirloom put --node other sessions '{a, 1}'"),
              Prints(""));
  EXPECT_THAT(findings("leftovers"), AllOf(HasSubstr("/other open: 1 tables"), Not(HasSubstr("/node open"))))
      << "its own it knows";
  EXPECT_THAT(run("heirloom doctor --reclaim other").out, HasSubstr("other is gone, with 1 tables"));
  EXPECT_FALSE(exists("other"));
  EXPECT_THAT(run("ls").out, Not(HasSubstr("reclaimed")));
  EXPECT_THAT(findings("leftovers"), HasSubstr("fine no other node"));
}

TEST_F(DoctorCommand, FindsNodesThatItCannotLookInto) {
  EXPECT_EQ(run("heirloom create --node other sessions").status, 0);
  EXPECT_EQ(run("printf '\\001' | dd of=other/journal bs=1 seek=8 conv=notrunc 2>&1").status, 0);  // its layout
  EXPECT_THAT(findings("leftovers"), AllOf(HasSubstr("/other: "), HasSubstr("has layout 1")));
  EXPECT_EQ(run("heirloom doctor --reclaim other").status, 3);
  EXPECT_TRUE(exists("other/tables"));
}

TEST_F(DoctorCommand, DoesNotReclaimWhatAProgramHasOpen) {
  const pid_t manager = start("heirloom serve --node other");
  wait_until("heirloom create --node other sessions");
  EXPECT_THAT(findings("leftovers"), HasSubstr("fine no other node"));
  EXPECT_THAT(run("heirloom doctor --reclaim other"), Complains(3, "a program has this node open"));
  EXPECT_THAT(run("heirloom info --node other sessions").out, HasSubstr("sessions"));
  end(manager, SIGKILL);
  EXPECT_THAT(findings("leftovers"), HasSubstr("/other open: 1 tables"));
  EXPECT_EQ(run("heirloom doctor --reclaim other").status, 0);
  EXPECT_FALSE(exists("other"));
}

TEST_F(DoctorCommand, ReclaimsNothingElse) {
  write_file("notes", "mine");
  std::filesystem::create_directories(file("folder"));
  for (const char* none : {"notes", "nowhere", "folder", "."})
    EXPECT_THAT(run(std::string("heirloom doctor --reclaim ") + none), Complains(3, "this is no node")) << none;
  EXPECT_EQ(run("ls folder").out, "");
  EXPECT_TRUE(exists("notes"));
  make_table("mine", {{1, 2}});
  write_file("node/notes", "somebody's");
  EXPECT_THAT(run("heirloom doctor --reclaim node"), Complains(3, "there is a \"notes\" in it"));
  EXPECT_TRUE(exists("node/notes"));
}

}  // namespace

}  // namespace heirloom::e2e
