// SPDX-License-Identifier: Apache-2.0
//
// What the repair tells of the write that was under way. That it is true of every image is judged with all operations (judge.cpp);
// here, that it names the operation and the key, before and after the store that decides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

using ::testing::IsSupersetOf;

void prepare(Session& session) { session.insert({5, 1, 2}); }
void change(State& state) { state["5"] = "{5,7,8}"; }
void vanish(State& state) { state.erase("5"); }

std::set<std::string> told(const Scenario& scenario) {
  const Outcome outcome = kill_at_every_step(scenario);
  for (const std::string& failure : outcome.failures) ADD_FAILURE() << failure;
  std::set<std::string> all;
  for (const auto& verdict : outcome.verdicts) {
    if (verdict) all.insert(verdict->told.begin(), verdict->told.end());
  }
  return all;
}

TEST(KilledAtEveryStepItIsTold, ThatAnInsertWasUnderWay) {
  EXPECT_THAT(told({.name = "told: insert",
                    .prepare = prepare,
                    .operation = [object = Term{5, 7, 8}](Session& session) { session.insert(object); },
                    .effect = change}),
              IsSupersetOf({"insert 5 finished", "insert 5 undone"}));
}

TEST(KilledAtEveryStepItIsTold, ThatAnErasureWasUnderWay) {
  EXPECT_THAT(told({.name = "told: erase",
                    .prepare = prepare,
                    .operation = [](Session& session) { session.erase(5); },
                    .effect = vanish}),
              IsSupersetOf({"erase 5 finished", "erase 5 undone"}));
}

TEST(KilledAtEveryStepItIsTold, ThatADeleteObjectWasUnderWay) {
  EXPECT_THAT(
      told({.name = "told: delete_object",
            .prepare = prepare,
            .operation = [object = Term{5, 1, 2}](Session& session) { session.table().delete_object(kCaller, object); },
            .effect = vanish}),
      IsSupersetOf({"delete_object 5 finished", "delete_object 5 undone"}));
}

TEST(KilledAtEveryStepItIsTold, ThatAnUpdateOfAnElementWasUnderWay) {
  EXPECT_THAT(told({.name = "told: update_element",
                    .prepare = prepare,
                    .operation =
                        [](Session& session) {
                          const std::vector<ElementUpdate> updates{{2, 7}, {3, 8}};
                          session.table().update_element(kCaller, 5, updates, nullptr);
                        },
                    .effect = change}),
              IsSupersetOf({"update_element 5 finished", "update_element 5 undone"}));
}

TEST(KilledAtEveryStepItIsTold, ThatAnInsertOfSeveralWasUnderWay) {
  const auto keys = keys_of(3, 2);
  const std::vector<Term> objects{{keys[0], 7}, {keys[1], 8}};
  const std::string first = std::to_string(keys[0]);
  EXPECT_THAT(told({.name = "told: insert of 2 objects",
                    .prepare = {},
                    .operation = [objects](Session& session) { session.insert_many(objects); },
                    .effect =
                        [objects](State& state) {
                          for (const Term& object : objects) state[to_string(object.element(1))] = to_string(object);
                        }}),
              IsSupersetOf(std::vector<std::string>{"insert  undone", "insert " + first + " finished",
                                                    "insert " + first + " undone"}));
}

TEST(KilledAtEveryStepItIsTold, ThatADeletionOfAllWasUnderWay) {
  EXPECT_THAT(told({.name = "told: delete_all_objects",
                    .prepare = prepare,
                    .operation = [](Session& session) { session.table().delete_all_objects(kCaller); },
                    .effect = vanish}),
              IsSupersetOf({"delete_all_objects  finished", "delete_all_objects  undone"}));
}

}  // namespace
}  // namespace heirloom::crash
