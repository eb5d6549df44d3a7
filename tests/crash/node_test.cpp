// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of any thread of a program that makes, opens, hands over or deletes a table, that
// attaches to a node or leaves it, as its manager or as a client: whoever opens the directory afterwards finds each
// table wholly or not at all.
#include <thread>

#include <gtest/gtest.h>

#include "heirloom/process.hpp"

#include "node_scenario.hpp"

namespace heirloom::crash {
namespace {

using namespace heirloom::literals;

void open(Program& program) { program.open(); }
void open_with_a_table(Program& program) {
  program.open();
  program.open_or_create("words");
  program.table("words").insert({1, "one"});
}
const std::string kOne = "{1,<<\"one\">>} of <0.1.0>";

// A node table, an ordinary one, and a program that has died.
const Remains& remains() {
  static const Remains left = left_by([](Program& program) {
    open_with_a_table(program);
    program.create("mortal");
  });
  return left;
}

TEST(KillAtEveryStepOfANode, OpenOfANewDirectory) {
  expect_each_world_whole({.name = "node: open of a new directory", .operation = open, .worlds = {{}}});
}

TEST(KillAtEveryStepOfANode, OpenThatAdoptsWhatTheDeadLeft) {
  expect_each_world_whole({.name = "node: open that adopts what the dead left",
                           .operation = open,
                           .worlds = {{{"words", kOne + " node"}}},
                           .start = remains()});
}

TEST(KillAtEveryStepOfANode, OpenAfterAReboot) {
  expect_each_world_whole({.name = "node: open after a reboot",
                           .operation = open,
                           .worlds = {{{"words", kOne + " node"}}},
                           .start = remains(),
                           .other_boot = true});
}

TEST(KillAtEveryStepOfANode, OpenAsAClient) {
  expect_each_world_whole({.name = "node: open as a client",
                           .operation = [](Program& program) { program.open(NodeRole::client); },
                           .worlds = {{{"words", kOne + " node"}}},
                           .beside = open_with_a_table});
}

TEST(KillAtEveryStepOfANode, LeavingAsAClient) {
  expect_each_world_whole({.name = "node: leaving as a client, with a table",
                           .prepare =
                               [](Program& program) {
                                 program.open(NodeRole::client);
                                 program.create("mortal");
                               },
                           .operation = [](Program& program) { program.leave(); },
                           .worlds = {{{"words", kOne + " node"}}},
                           .beside = open_with_a_table});
}

TEST(KillAtEveryStepOfANode, LeavingAsTheManager) {
  expect_each_world_whole({.name = "node: leaving as the manager, with two tables",
                           .prepare =
                               [](Program& program) {
                                 open_with_a_table(program);
                                 program.create("mortal");
                               },
                           .operation = [](Program& program) { program.leave(); },
                           .worlds = {{{"words", kOne + " node"}}}});
}

TEST(KillAtEveryStepOfANode, CreateOfATable) {
  expect_each_world_whole({.name = "node: create",
                           .prepare = open,
                           .operation = [](Program& program) { program.create("mortal"); },
                           .worlds = {{}}});
}

TEST(KillAtEveryStepOfANode, CreateOfANodeTable) {
  expect_each_world_whole({.name = "node: create of a node table",
                           .prepare = open,
                           .operation = [](Program& program) { program.open_or_create("words"); },
                           .worlds = {{}, {{"words", " of <0.1.0> node"}}}});
}

TEST(KillAtEveryStepOfANode, ClaimOfATable) {
  expect_each_world_whole({.name = "node: claim of a table of the dead",
                           .prepare = open,
                           .operation = [](Program& program) { program.open_or_create("words"); },
                           .worlds = {{{"words", kOne + " node"}}, {{"words", kOne + " node <0.2.0> node"}}},
                           .start = remains()});
}

TEST(KillAtEveryStepOfANode, OpenOfATable) {
  expect_each_world_whole(
      {.name = "node: open of a table, and a read",
       .prepare = open,
       .operation = [](Program& program) { static_cast<void>(program.node->open_table("words"_atom).lookup(1)); },
       .worlds = {{{"words", kOne + " node"}}},
       .start = remains()});
}

TEST(KillAtEveryStepOfANode, DeleteOfATable) {
  expect_each_world_whole({.name = "node: delete",
                           .prepare = open_with_a_table,
                           .operation = [](Program& program) { program.table("words").drop(); },
                           .worlds = {{{"words", kOne + " node"}}, {}}});
}

TEST(KillAtEveryStepOfANode, RenameOfATable) {
  expect_each_world_whole({.name = "node: rename",
                           .prepare = open_with_a_table,
                           .operation = [](Program& program) { program.table("words").rename("names"_atom); },
                           .worlds = {{{"words", kOne + " node"}}, {{"names", kOne + " node"}}}});
}

// A process that takes what it is given, and goes on.
Pid receiver() {
  return spawn([] {
    const auto transfer = receive_transfer(std::chrono::hours(1));
    receive(std::chrono::hours(1));
  });
}

TEST(KillAtEveryStepOfANode, GiveAway) {
  expect_each_world_whole({.name = "node: give_away",
                           .prepare =
                               [](Program& program) {
                                 open_with_a_table(program);
                                 register_name("receiver"_atom, receiver());
                               },
                           .operation = [](Program& program) { program.table("words").give_away("receiver"_atom, 7); },
                           .worlds = {{{"words", kOne + " node"}}, {{"words", kOne + " <0.1.1> node"}}}});
}

TEST(KillAtEveryStepOfANode, InheritingFromAProcess) {
  expect_each_world_whole(
      {.name = "node: a process ends, and its heir inherits",
       .prepare =
           [](Program& program) {
             open_with_a_table(program);
             const Pid owner = receiver();
             register_name("owner"_atom, owner);
             register_name("heir"_atom, receiver());
             program.table("words").set_heir(Heir{"heir"_atom, std::nullopt});
             program.table("words").give_away(owner, 7);
           },
       .operation = [](Program&) { exit(whereis("owner"_atom).value(), "enough"_atom); },
       .worlds = {{{"words", kOne + " <0.1.1> node"}}, {{"words", kOne + " <0.1.1> <0.1.2> node"}}}});
}

TEST(KillAtEveryStepOfANode, AThreadsFirstUseAndItsEnd) {
  expect_each_world_whole(
      {.name = "node: a thread's first use of a table, and its end",
       .prepare = open_with_a_table,
       .operation = [](Program& program) { std::thread([&] {
                                             program.table("words").insert({2, "two"});
                                           }).join(); },
       .worlds = {{{"words", kOne + " node"}}, {{"words", "{1,<<\"one\">>} {2,<<\"two\">>} of <0.1.0> node"}}}});
}

}  // namespace
}  // namespace heirloom::crash
