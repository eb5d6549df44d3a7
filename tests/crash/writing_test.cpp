// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write to one key: another process finds the old state or the new, never a third, is not
// blocked, and finds every byte accounted for. See scenario.hpp for how.
#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

const std::string kText(100, 'x');

void prepare_some(Session& session) {
  for (int key = 1; key <= 12; ++key) session.insert({key, 1, 2});
}

TEST(KillAtEveryStep, FirstInsertOfAnEmptyTable) {
  expect_old_or_new_at_every_step(
      {.name = "first insert of an empty table",
       .prepare = {},
       .operation = [object = parse("{7,first}")](Session& session) { session.insert(object); },
       .effect = [](State& state) { state["7"] = "{7,first}"; }});
}

TEST(KillAtEveryStep, InsertOfANewKey) {
  expect_old_or_new_at_every_step(
      {.name = "insert of a new key",
       .prepare = prepare_some,
       .operation = [object = parse("{100,5,6}")](Session& session) { session.insert(object); },
       .effect = [](State& state) { state["100"] = "{100,5,6}"; }});
}

TEST(KillAtEveryStep, OverwriteInTheSameSizeClass) {
  expect_old_or_new_at_every_step(
      {.name = "overwrite, same size class",
       .prepare = prepare_some,
       .operation = [object = parse("{5,7,8}")](Session& session) { session.insert(object); },
       .effect = [](State& state) { state["5"] = "{5,7,8}"; }});
}

TEST(KillAtEveryStep, OverwriteInAnotherSizeClass) {
  const std::string larger = "{5,<<\"" + kText + "\">>}";
  expect_old_or_new_at_every_step({.name = "overwrite, larger size class, new run",
                                   .prepare = prepare_some,
                                   .operation = [object = parse(larger)](Session& session) { session.insert(object); },
                                   .effect = [=](State& state) { state["5"] = larger; }});
}

TEST(KillAtEveryStep, InsertNewOfAnAbsentKey) {
  expect_old_or_new_at_every_step(
      {.name = "insert_new of an absent key",
       .prepare = prepare_some,
       .operation = [object = parse("{100,5}")](Session& session) { session.insert_new(object); },
       .effect = [](State& state) { state["100"] = "{100,5}"; }});
}

TEST(KillAtEveryStep, InsertNewOfAPresentKey) {
  expect_old_or_new_at_every_step(
      {.name = "insert_new of a present key",
       .prepare = prepare_some,
       .operation = [object = parse("{5,5}")](Session& session) { session.insert_new(object); },
       .effect = {}});
}

TEST(KillAtEveryStep, Take) {
  expect_old_or_new_at_every_step({.name = "take",
                                   .prepare = prepare_some,
                                   .operation = [](Session& session) { session.table().take(kCaller, Term(5)); },
                                   .effect = [](State& state) { state.erase("5"); }});
}

TEST(KillAtEveryStep, DeleteObject) {
  expect_old_or_new_at_every_step(
      {.name = "delete_object",
       .prepare = prepare_some,
       .operation = [object = parse("{5,1,2}")](Session& session) { session.table().delete_object(kCaller, object); },
       .effect = [](State& state) { state.erase("5"); }});
}

TEST(KillAtEveryStep, CounterInPlace) {
  expect_old_or_new_at_every_step({.name = "update_counter in place",
                                   .prepare = prepare_some,
                                   .operation =
                                       [](Session& session) {
                                         const CounterUpdate update{.position = 2, .increment = 41};
                                         session.table().update_counter(kCaller, 5, {&update, 1}, nullptr);
                                       },
                                   .effect = [](State& state) { state["5"] = "{5,42,2}"; }});
}

TEST(KillAtEveryStep, CountersWithACopy) {
  expect_old_or_new_at_every_step({.name = "update_counter of two counters, with a copy",
                                   .prepare = prepare_some,
                                   .operation =
                                       [](Session& session) {
                                         const std::vector<CounterUpdate> updates{{.position = 2, .increment = 41},
                                                                                  {.position = 3, .increment = -1}};
                                         session.table().update_counter(kCaller, 5, updates, nullptr);
                                       },
                                   .effect = [](State& state) { state["5"] = "{5,42,1}"; }});
}

TEST(KillAtEveryStep, CounterThatInsertsItsDefault) {
  expect_old_or_new_at_every_step({.name = "update_counter of an absent key, with a default",
                                   .prepare = prepare_some,
                                   .operation =
                                       [](Session& session) {
                                         const CounterUpdate update{.position = 2, .increment = 3};
                                         const Term fallback{0, 10};
                                         session.table().update_counter(kCaller, 100, {&update, 1}, &fallback);
                                       },
                                   .effect = [](State& state) { state["100"] = "{100,13}"; }});
}

TEST(KillAtEveryStep, UpdateElement) {
  expect_old_or_new_at_every_step({.name = "update_element",
                                   .prepare = prepare_some,
                                   .operation =
                                       [](Session& session) {
                                         const std::vector<ElementUpdate> updates{{2, "text"}, {3, 9}};
                                         session.table().update_element(kCaller, 5, updates, nullptr);
                                       },
                                   .effect = [](State& state) { state["5"] = "{5,<<\"text\">>,9}"; }});
}

TEST(KillAtEveryStep, FirstAtomOfTheDictionary) {
  expect_old_or_new_at_every_step(
      {.name = "insert with the table's first atom",
       .prepare = prepare_some,
       .operation = [object = parse("{alice,1}")](Session& session) { session.insert(object); },
       .effect = [](State& state) { state["alice"] = "{alice,1}"; }});
}

TEST(KillAtEveryStep, FurtherAtomsOfTheDictionary) {
  expect_old_or_new_at_every_step(
      {.name = "overwrite with two new atoms",
       .prepare = [](Session& session) { session.insert(parse("{alice,bob}")); },
       .operation = [object = parse("{alice,{carol,dave}}")](Session& session) { session.insert(object); },
       .effect = [](State& state) { state["alice"] = "{alice,{carol,dave}}"; }});
}

}  // namespace
}  // namespace heirloom::crash
