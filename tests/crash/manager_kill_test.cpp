// SPDX-License-Identifier: Apache-2.0
//
// Several real programs, one of which - the manager, or a client - is stopped after each of its system calls during one
// operation, and killed there for real, while the others live: each table has one owner, a transfer comes once, a name
// is free or taken for everybody, and the next call works. Between two system calls a program changes nothing of the
// directory but what it has mapped: node_test.cpp looks at that, instruction by instruction.
#include <sys/wait.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "child.hpp"
#include "node/helper_program.hpp"
#include "node_judge.hpp"
#include "report.hpp"

namespace heirloom::crash {
namespace {

using node::HelperProgram;

// The programs of one run: the manager is program 1, the owner 2, the other 3.
struct Cast {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/" + kNodeFolder;
  HelperProgram manager;
  HelperProgram owner;
  HelperProgram other;
  std::unique_ptr<HelperProgram> newcomer;  // 4, of those cases that have one
  std::string answer;                       // to what was under way at the death

  Cast() {
    manager.get(opening());
    owner.get(opening());
    other.get(opening());
  }
  [[nodiscard]] std::string opening() const { return "open " + path + " any 20000"; }
};

struct Killing {
  std::string name;
  std::function<void(Cast&)> prepare = {};
  std::function<HelperProgram&(Cast&)> victim = [](Cast& cast) -> HelperProgram& { return cast.manager; };
  std::function<void(Cast&)> begin;  // does not wait for an answer
  std::function<void(Cast&)> check;  // what the living find, and can do
  std::vector<World> worlds;         // what is left when they are dead, too
};

// Whether the victim made so many system calls; it is dead then.
bool kill_after(const Killing& killing, Cast& cast, int calls) {
  SteppedChild victim(killing.victim(cast).pid(), SteppedChild::Follow::system_calls);
  killing.begin(cast);
  constexpr int kIdleMilliseconds = 300;  // the others have nothing more to say to it
  int made = 0;
  for (int idle = 0; made < calls && idle < kIdleMilliseconds;) {
    if (victim.step()) {
      ++made;
      idle = 0;
    } else if (!victim.failure().empty()) {
      ADD_FAILURE() << killing.name << ": " << victim.failure();
      return false;
    } else {
      ++idle;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  victim.kill();
  return made == calls;
}

void expect_whole_after_each_system_call(const Killing& killing) {
  int kills = 0;
  std::size_t failures = 0;
  for (bool more = true; more;) {
    SCOPED_TRACE(killing.name + ", killed after " + std::to_string(kills) + " system calls");
    Cast cast;
    if (killing.prepare) killing.prepare(cast);
    more = kill_after(killing, cast, kills);
    killing.victim(cast).wait();
    killing.check(cast);
    cast.manager.kill();
    cast.owner.kill();
    cast.other.kill();
    if (cast.newcomer) cast.newcomer->kill();
    const Verdict verdict = verdict_of(Helper([&] { return judge_node(cast.path, killing.worlds); }).result());
    for (const std::string& fault : verdict.faults) ADD_FAILURE() << "when all were dead: " << fault;
    if (testing::Test::HasFailure()) {
      ++failures;
      break;
    }
    ++kills;
  }
  EXPECT_GT(kills, 3) << "nothing was under way";
  report_kills(killing.name, kills, failures);
}

bool done(const std::string& answer) { return answer.starts_with("ok"); }

// Whoever asked was answered, or told that there is no manager to know.
void expect_answer(const Cast& cast) {
  EXPECT_TRUE(done(cast.answer) || cast.answer.find("no_manager") != std::string::npos) << cast.answer;
}

void expect_use(HelperProgram& user, const std::string& table) {
  user.get("insert " + table + " {used,1}");
  EXPECT_EQ(user.get("lookup " + table + " used"), "{used,1}");
}

TEST(KillAfterEachSystemCall, TheManagerThatMakesATable) {
  expect_whole_after_each_system_call({.name = "create, the manager",
                                       .begin = [](Cast& cast) { cast.owner.say("create words"); },
                                       .check =
                                           [](Cast& cast) {
                                             cast.answer = cast.owner.hear();
                                             expect_answer(cast);
                                             const std::string found = cast.other.get("find words");
                                             if (found == "none") {
                                               EXPECT_FALSE(done(cast.answer));
                                               cast.owner.get("create words");
                                             } else {
                                               EXPECT_EQ(found, "<0.2.0>");
                                             }
                                             EXPECT_EQ(cast.owner.get("find words"), "<0.2.0>");
                                             expect_use(cast.owner, "words");
                                           },
                                       .worlds = {{}}});
}

TEST(KillAfterEachSystemCall, TheManagerThatDeletesATable) {
  expect_whole_after_each_system_call({.name = "delete, the manager",
                                       .prepare = [](Cast& cast) { cast.owner.get("open_or_create words"); },
                                       .begin = [](Cast& cast) { cast.owner.say("drop words"); },
                                       .check =
                                           [](Cast& cast) {
                                             cast.answer = cast.owner.hear();
                                             expect_answer(cast);
                                             if (cast.other.get("find words") != "none") {
                                               EXPECT_FALSE(done(cast.answer));
                                               expect_use(cast.owner, "words");
                                               cast.owner.get("drop words");
                                             }
                                             EXPECT_EQ(cast.owner.get("tables"), "0");
                                             cast.owner.get("create words");
                                             expect_use(cast.owner, "words");
                                           },
                                       .worlds = {{}}});
}

// What an owner's give_away brings the other one.
const std::string kTransfer = R"(words from <0.2.0> with <<"gift">>)";

void expect_one_owner(Cast& cast) {
  const std::string owner = cast.other.get("find words");
  EXPECT_TRUE(owner == "<0.2.0>" || owner == "<0.3.0>") << owner;
  if (owner == "<0.2.0>") {
    EXPECT_FALSE(done(cast.answer));
    EXPECT_EQ(cast.other.get("await_transfer 50"), "none");
    expect_use(cast.owner, "words");
    cast.owner.get("give_away words other");
  }
  EXPECT_EQ(cast.other.get("await_transfer 20000"), kTransfer);
  EXPECT_EQ(cast.other.ask("await_transfer 50"), "ok none");
  expect_use(cast.other, "words");
  EXPECT_NE(cast.owner.ask("insert words {late,1}").find("error"), std::string::npos);
  EXPECT_EQ(cast.owner.get("lookup words used"), "{used,1}");
}

TEST(KillAfterEachSystemCall, TheManagerThatHandsATableOver) {
  expect_whole_after_each_system_call({.name = "give_away, the manager",
                                       .prepare =
                                           [](Cast& cast) {
                                             cast.other.get("register other");
                                             cast.owner.get("open_or_create words");
                                           },
                                       .begin = [](Cast& cast) { cast.owner.say("give_away words other"); },
                                       .check =
                                           [](Cast& cast) {
                                             cast.answer = cast.owner.hear();
                                             expect_answer(cast);
                                             expect_one_owner(cast);
                                           },
                                       .worlds = {{{"words", "{used,1} of <0.2.0> <0.3.0> node"}}}});
}

TEST(KillAfterEachSystemCall, TheManagerThatSettlesADeath) {
  expect_whole_after_each_system_call({.name = "a death, the manager",
                                       .prepare =
                                           [](Cast& cast) {
                                             cast.other.get("register other");
                                             cast.owner.get("create words other gift");
                                             cast.owner.get("create mortal");
                                             cast.owner.get("insert words {used,0}");
                                           },
                                       .begin = [](Cast& cast) { cast.owner.kill(); },
                                       .check =
                                           [](Cast& cast) {
                                             EXPECT_EQ(cast.other.get("await_transfer 20000"),
                                                       "words from <0.2.0> with gift");
                                             EXPECT_EQ(cast.other.get("await_transfer 50"), "none");
                                             EXPECT_EQ(cast.other.get("find words"), "<0.3.0>");
                                             EXPECT_EQ(cast.other.get("find mortal"), "none");
                                             expect_use(cast.other, "words");
                                           },
                                       .worlds = {{}}});
}

TEST(KillAfterEachSystemCall, TheManagerThatAProgramConnectsTo) {
  expect_whole_after_each_system_call({.name = "open, the manager",
                                       .prepare =
                                           [](Cast& cast) {
                                             cast.newcomer = std::make_unique<HelperProgram>();
                                             cast.owner.get("open_or_create words");
                                           },
                                       .begin = [](Cast& cast) { cast.newcomer->say(cast.opening()); },
                                       .check =
                                           [](Cast& cast) {
                                             cast.answer = cast.newcomer->hear();
                                             EXPECT_TRUE(done(cast.answer)) << cast.answer;
                                             EXPECT_EQ(cast.newcomer->get("find words"), "<0.2.0>");
                                             cast.newcomer->get("create mine");
                                             expect_use(*cast.newcomer, "mine");
                                             expect_use(cast.owner, "words");
                                           },
                                       .worlds = {{{"words", "{used,1} of <0.2.0> node"}}}});
}

// What a client's death leaves goes while the others live: with the next program that goes, if it had not said who it
// is.
void expect_file_gone(Cast& cast, int living) {
  const auto files = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(cast.path + "processes")) {
      static_cast<void>(entry);
      ++count;
    }
    return count;
  };
  constexpr int kLooksMax = 200;
  for (int looks = 0; looks < kLooksMax && files() != living; ++looks) {
    HelperProgram passing;
    passing.get(cast.opening());
    passing.kill();
    cast.other.get("tables");
  }
  EXPECT_EQ(files(), living);
}

TEST(KillAfterEachSystemCall, AProgramThatOpensANode) {
  expect_whole_after_each_system_call({.name = "open, the program that opens",
                                       .prepare = [](Cast& cast) { cast.newcomer = std::make_unique<HelperProgram>(); },
                                       .victim = [](Cast& cast) -> HelperProgram& { return *cast.newcomer; },
                                       .begin = [](Cast& cast) { cast.newcomer->say(cast.opening()); },
                                       .check =
                                           [](Cast& cast) {
                                             cast.owner.get("open_or_create words");
                                             expect_use(cast.owner, "words");
                                             expect_file_gone(cast, 3);
                                           },
                                       .worlds = {{{"words", "{used,1} of <0.2.0> node"}}}});
}

TEST(KillAfterEachSystemCall, AnOwnerThatHandsATableOver) {
  expect_whole_after_each_system_call({.name = "give_away, the owner",
                                       .prepare =
                                           [](Cast& cast) {
                                             cast.other.get("register other");
                                             cast.owner.get("open_or_create words");
                                             cast.owner.get("insert words {used,0}");
                                           },
                                       .victim = [](Cast& cast) -> HelperProgram& { return cast.owner; },
                                       .begin = [](Cast& cast) { cast.owner.say("give_away words other"); },
                                       .check =
                                           [](Cast& cast) {
                                             expect_file_gone(cast, 2);
                                             const std::string found = cast.other.get("find words");
                                             EXPECT_TRUE(found == "node" || found == "<0.3.0>") << found;
                                             const std::string transfer = cast.other.get("await_transfer 50");
                                             if (found == "<0.3.0>") {
                                               EXPECT_EQ(transfer, kTransfer);
                                             } else {
                                               EXPECT_EQ(transfer, "none");
                                               EXPECT_EQ(cast.other.get("open_or_create words"), "owner");
                                             }
                                             expect_use(cast.other, "words");
                                           },
                                       .worlds = {{{"words", "{used,1} of <0.2.0> <0.3.0> node"}},
                                                  {{"words", "{used,1} of <0.2.0> node <0.3.0> node"}}}});
}

TEST(KillAfterEachSystemCall, AReceiverOfATable) {
  expect_whole_after_each_system_call({.name = "give_away, the receiver",
                                       .prepare =
                                           [](Cast& cast) {
                                             cast.other.get("register other");
                                             cast.owner.get("open_or_create words");
                                             cast.owner.get("insert words {used,0}");
                                           },
                                       .victim = [](Cast& cast) -> HelperProgram& { return cast.other; },
                                       .begin = [](Cast& cast) { cast.owner.get("give_away words other"); },
                                       .check =
                                           [](Cast& cast) {
                                             while (cast.owner.get("find words") == "<0.3.0>") continue;
                                             EXPECT_EQ(cast.owner.get("open_or_create words"), "owner");
                                             expect_use(cast.owner, "words");
                                           },
                                       .worlds = {{{"words", "{used,1} of <0.2.0> <0.3.0> node <0.2.0> node"}}}});
}

}  // namespace
}  // namespace heirloom::crash
