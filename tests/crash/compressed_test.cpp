// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of writes to compressed tables: their objects are packed before anything is locked, and what they
// are put into is what other tables have.
#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

const std::string kText(400, 'x');  // long enough for zstd

void expect(const std::string& name, TableType type, std::function<void(Session&)> operation,
            std::function<void(State&)> effect) {
  const auto prepare = [](Session& session) {
    for (int key = 1; key <= 12; ++key) session.insert({key, 1, "text"});
  };
  expect_old_or_new_at_every_step({.name = "compressed " + std::string(to_string(type)) + ", " + name,
                                   .prepare = prepare,
                                   .operation = std::move(operation),
                                   .effect = std::move(effect),
                                   .type = type,
                                   .compressed = true});
}

class KillAtEveryStepOfACompressedTable : public ::testing::TestWithParam<TableType> {};

TEST_P(KillAtEveryStepOfACompressedTable, Insert) {
  const std::string object = "{100,[1,2,3],<<\"text\">>}";
  expect(
      "insert", GetParam(), [made = parse(object)](Session& session) { session.insert(made); },
      [=](State& state) { state["100"] = object; });
}

TEST_P(KillAtEveryStepOfACompressedTable, DeleteObject) {
  expect(
      "delete_object", GetParam(),
      [object = parse("{5,1,<<\"text\">>}")](Session& session) { session.table().delete_object(kCaller, object); },
      [](State& state) { state.erase("5"); });
}

TEST_P(KillAtEveryStepOfACompressedTable, InsertOfSeveral) {
  const std::vector<Term> objects{parse("{101,a}"), parse("{102,b}"), parse("{103,[]}")};
  expect(
      "insert of several", GetParam(), [=](Session& session) { session.insert_many(objects); },
      [](State& state) {
        state["101"] = "{101,a}";
        state["102"] = "{102,b}";
        state["103"] = "{103,[]}";
      });
}

INSTANTIATE_TEST_SUITE_P(Types, KillAtEveryStepOfACompressedTable,
                         ::testing::Values(TableType::set, TableType::ordered_set, TableType::bag),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST(KillAtEveryStepOfACompressedSet, Overwrite) {
  const std::string object = "{5,<<\"" + kText + "\">>}";
  expect(
      "overwrite", TableType::set, [made = parse(object)](Session& session) { session.insert(made); },
      [=](State& state) { state["5"] = object; });
}

TEST(KillAtEveryStepOfACompressedSet, Counter) {
  expect(
      "update_counter", TableType::set,
      [](Session& session) {
        const CounterUpdate update{.position = 2, .increment = 41};
        session.table().update_counter(kCaller, 5, {&update, 1}, nullptr);
      },
      [](State& state) { state["5"] = "{5,42,<<\"text\">>}"; });
}

}  // namespace
}  // namespace heirloom::crash
