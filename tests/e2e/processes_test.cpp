// SPDX-License-Identifier: Apache-2.0
//
// Strategy: `serve` and `run` as a service manager or a person drives them: signals, deaths, restarts.
#include <signal.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;
using ::testing::HasSubstr;

class Serve : public Shell {
 protected:
  pid_t serve() {
    const pid_t manager = start("heirloom serve > ready");
    wait_until("grep -q \"^serving $HEIRLOOM_NODE$\" ready");
    return manager;
  }
};
class Run : public Shell {};

TEST_F(Serve, IsTheManagerUntilItIsToldToEndAndTheTablesStay) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const pid_t manager = serve();
    Node node = Node::open(this->node(), {.role = NodeRole::client});
    node.open_or_create("users"_atom).insert({signal, "kept"});
    EXPECT_EQ(end(manager, signal), 0);
    EXPECT_EQ(run("heirloom get users " + std::to_string(signal)).status, 0);
  }
}

TEST_F(Serve, ASecondOneIsToldWhoHasTheNode) {
  const pid_t manager = serve();
  EXPECT_THAT(run("heirloom serve"), Complains(3, "held by pid " + std::to_string(manager)));
  EXPECT_EQ(end(manager, SIGTERM), 0);
}

TEST_F(Serve, AfterSigkillTheNextOneAdoptsTheTables) {
  const pid_t first = serve();
  Node node = Node::open(this->node(), {.role = NodeRole::client});
  Table users = node.open_or_create("users"_atom);
  EXPECT_EQ(end(first, SIGKILL), 128 + SIGKILL);
  users.insert({1, "without a manager"});
  std::filesystem::remove(file("ready"));
  const pid_t second = serve();
  EXPECT_EQ(node.open_table("users"_atom), users);
  users.insert({2, "with the next"});
  EXPECT_EQ(nlohmann::json::parse(run("heirloom info users --json").out)["owner"], to_string(Term(node.root())));
  EXPECT_EQ(end(second, SIGTERM), 0);
}

TEST_F(Run, StartsACommandAgainThatCrashes) {
  const Outcome outcome =
      run("heirloom run -- sh -c 'echo once >> lives; [ $(wc -l < lives) -ge 3 ] || kill -SEGV $$'");
  EXPECT_EQ(outcome.status, 0) << outcome;
  EXPECT_EQ(read_file("lives"), "once\nonce\nonce\n");
  EXPECT_THAT(outcome.err, HasSubstr("heirloom: run: sh ended with signal 11"));
}

TEST_F(Run, StartsACommandAgainThatFailsUnlessToldOtherwise) {
  EXPECT_EQ(run("heirloom run -- sh -c 'echo once >> lives; [ $(wc -l < lives) -ge 2 ] || exit 7'").status, 0);
  EXPECT_EQ(run("heirloom run --restart on-signal -- sh -c 'exit 7'").status, 7);
  EXPECT_EQ(run("heirloom run --restart never -- sh -c 'kill -ABRT $$'").status, 128 + SIGABRT);
  EXPECT_EQ(run("heirloom run --max-restarts 1 -- sh -c 'echo once >> many; exit 7'").status, 7);
  EXPECT_EQ(read_file("many"), "once\nonce\n");
}

TEST_F(Run, IsTheManagerOfTheNodeThatItTellsTheCommand) {
  const Outcome outcome =
      run("heirloom run --restart never --node other -- sh -c 'echo $HEIRLOOM_NODE $PPID; heirloom serve'");
  EXPECT_EQ(outcome.status, 3) << outcome;
  const auto gap = outcome.out.find(' ');
  EXPECT_EQ(outcome.out.substr(0, gap), file("other"));
  EXPECT_THAT(outcome.err, HasSubstr("held by pid " + outcome.out.substr(gap + 1, outcome.out.size() - gap - 2)));
}

TEST_F(Run, ACommandThatCannotBeStarted) {
  EXPECT_THAT(run("heirloom run -- ./no-such-command"), Complains(127, "start \"./no-such-command\": No such file"));
  write_file("text", "no program");
  EXPECT_THAT(run("heirloom run -- ./text"), Complains(126, "Permission denied"));
}

TEST_F(Run, TurnsCoreDumpsOffUnlessTheyAreToBeKept) {
  EXPECT_THAT(run("heirloom run -- sh -c 'ulimit -S -c'"), Prints("0\n"));
  EXPECT_EQ(run("ulimit -c 1000 && heirloom run --keep-cores -- sh -c 'ulimit -S -c'").out, "1000\n");
}

TEST_F(Run, PassesSignalsOnAndEndsWithItsCommand) {
  write_file("command", "trap 'echo told > told; exit 5' TERM; echo > up; while :; do sleep 0.05; done");
  const pid_t runner = start("heirloom run -- sh ./command");
  wait_until("test -e up");
  EXPECT_EQ(end(runner, SIGTERM), 5);
  EXPECT_EQ(read_file("told"), "told\n");
}

TEST_F(Run, StartsTheNextVersionOnSighupWhichTakesTheTablesOver) {
  const pid_t runner = start("heirloom run -- " HEIRLOOM_E2E_DEPLOY " > out 2> err");
  wait_until("grep -q '^version 1 goes on' out");
  for (int version = 2; version <= 4; ++version) {
    ASSERT_EQ(::kill(runner, SIGHUP), 0);
    wait_until("test $(grep -c 'has taken over' err) -eq " + std::to_string(version - 1));
  }
  EXPECT_THAT(read_file("out"), HasSubstr("version 4 goes on with 1 counters"));
  const auto lineage = nlohmann::json::parse(run("heirloom lineage orders --json").out);
  ASSERT_EQ(lineage.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(lineage[i]["end"], "gave_away");
  EXPECT_EQ(end(runner, SIGTERM), 128 + SIGTERM);
}

TEST_F(Run, GoesOnWithTheFormerWhenTheNextVersionFails) {
  write_file("command",
             "mkdir first; failed=$?; echo once >> lives; [ $failed -eq 0 ] || exit 7; while :; do sleep 0.05; done");
  const pid_t runner = start("heirloom run -- sh ./command 2> err");
  wait_until("test -e lives");
  ASSERT_EQ(::kill(runner, SIGHUP), 0);
  wait_until("grep -q 'did not take over' err");
  EXPECT_EQ(end(runner, SIGTERM), 128 + SIGTERM);
  EXPECT_EQ(read_file("lives"), "once\nonce\n");
}

TEST_F(Run, GoesOnWhenTheNextVersionCannotBeStarted) {
  write_file("command", "#!/bin/sh\necho up > up; while :; do sleep 0.05; done\n");
  ASSERT_EQ(run("chmod +x command").status, 0);
  const pid_t runner = start("heirloom run -- ./command 2> err");
  wait_until("test -e up && rm command");
  ASSERT_EQ(::kill(runner, SIGHUP), 0);
  wait_until("grep -q 'No such file.* goes on' err");
  EXPECT_EQ(end(runner, SIGTERM), 128 + SIGTERM);
}

TEST_F(Run, TellsTheLineageHowItsCommandEnded) {
  const pid_t runner = start("heirloom run -- " HEIRLOOM_E2E_DEPLOY " > out 2> err");
  wait_until("grep -q '^version 1 goes on' out");
  // By a signal that AddressSanitizer leaves to the system.
  EXPECT_EQ(run("kill -ABRT $(heirloom lineage orders --json | sed 's/.*\"process\":\\([0-9]*\\).*/\\1/')").status, 0);
  wait_until("heirloom lineage orders | grep -q 'killed, signal 6'");
  wait_until("grep -q '^version 3 goes on' out");
  EXPECT_EQ(end(runner, SIGTERM), 128 + SIGTERM);
}

TEST_F(Run, EndsWhenToldToWhileItWaitsToStartTheCommandAgain) {
  const pid_t runner = start("heirloom run -- sh -c 'echo once >> lives; exit 3' 2> said");
  wait_until("test $(wc -l < lives) -ge 4");  // pauses are long by now
  EXPECT_EQ(end(runner, SIGTERM), 3);
}

}  // namespace

}  // namespace heirloom::e2e
