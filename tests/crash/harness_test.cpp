// SPDX-License-Identifier: Apache-2.0
//
// The harness can fail: where the next comer leaves unrepaired what the dead left, it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(KillAtEveryStepItself, NoticesAnInsertThatIsNotRepaired) {
  const Outcome outcome =
      kill_at_every_step({.name = "overwrite, sabotaged",
                          .prepare =
                              [](Session& session) {
                                session.insert({5, 1});
                              },
                          .operation = [object = Term{5, 2}](Session& session) { session.insert(object); },
                          .effect = [](State& state) { state["5"] = "{5,2}"; },
                          .sabotage = true});
  EXPECT_THAT(outcome.failures, Contains(HasSubstr("is neither used nor free: it is lost")));
}

TEST(KillAtEveryStepItself, NoticesAnInsertOfSeveralThatIsNotRepaired) {
  std::vector<Term> objects;
  for (const std::uint32_t stripe : {1, 4}) objects.push_back({keys_of(stripe, 1)[0], 2});
  const Outcome outcome =
      kill_at_every_step({.name = "insert of 2 objects, sabotaged",
                          .prepare =
                              [](Session& session) {
                                session.insert({keys_of(4, 1)[0], 1});
                              },
                          .operation = [objects](Session& session) { session.insert_many(objects); },
                          .effect =
                              [objects](State& state) {
                                for (const Term& object : objects)
                                  state[to_string(object.element(1))] = to_string(object);
                              },
                          .sabotage = true});
  EXPECT_THAT(outcome.failures, Contains(HasSubstr("pending object and no writer")));
}

TEST(KillAtEveryStepItself, NoticesAWrongState) {
  const Outcome outcome =
      kill_at_every_step({.name = "overwrite, with a wrong expectation",
                          .prepare =
                              [](Session& session) {
                                session.insert({5, 1});
                              },
                          .operation = [object = Term{5, 2}](Session& session) { session.insert(object); },
                          .effect = [](State& state) { state["5"] = "{5,3}"; }});
  EXPECT_THAT(outcome.failures, Contains(HasSubstr("neither the old nor the new one")));
}

}  // namespace
}  // namespace heirloom::crash
