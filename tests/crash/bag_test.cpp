// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write to a bag: a key has all its old objects or all its new ones, in their order.
#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

Term object_of(int key, int number) { return {key, number, "text"}; }

// Three objects of key 1, four of key 2 - their groups are full -, one of key 3, and others around them.
constexpr int kObjects[] = {0, 3, 4, 1};
void prepare_bag(Session& session) {
  for (int key = 1; key <= 3; ++key) {
    for (int number = 0; number < kObjects[key]; ++number) session.insert(object_of(key, number));
  }
  for (int key = 10; key < 18; ++key) session.insert({key, key});
}

std::string joined(int key, std::initializer_list<int> numbers) {
  std::string text;
  for (const int number : numbers) {
    if (!text.empty()) text += kBetweenObjects;
    text += to_string(object_of(key, number));
  }
  return text;
}

class KillAtEveryStepOfABag : public ::testing::TestWithParam<TableType> {
 protected:
  void expect(const std::string& what, const std::function<void(Session&)>& operation,
              const std::function<void(State&)>& effect, const std::function<void(Session&)>& prepare = prepare_bag) {
    expect_old_or_new_at_every_step({.name = std::string(to_string(GetParam())) + ": " + what,
                                     .prepare = prepare,
                                     .operation = operation,
                                     .effect = effect,
                                     .type = GetParam()});
  }
};

TEST_P(KillAtEveryStepOfABag, TheSecondObjectOfAKey) {
  expect(
      "the second object of a key", [object = object_of(3, 7)](Session& session) { session.insert(object); },
      [](State& state) {
        state["3"] = joined(3, {0, 7});
      });
}

TEST_P(KillAtEveryStepOfABag, AnObjectBehindOthers) {
  expect(
      "an object behind others", [object = object_of(1, 7)](Session& session) { session.insert(object); },
      [](State& state) {
        state["1"] = joined(1, {0, 1, 2, 7});
      });
}

TEST_P(KillAtEveryStepOfABag, AnObjectForWhichAGroupMakesRoom) {
  expect(
      "an object for which a group makes room",
      [object = object_of(2, 7)](Session& session) { session.insert(object); },
      [](State& state) {
        state["2"] = joined(2, {0, 1, 2, 3, 7});
      });
}

TEST_P(KillAtEveryStepOfABag, AnObjectThatIsThere) {
  expect(
      "an object that is there", [object = object_of(1, 1)](Session& session) { session.insert(object); },
      [](State& state) {
        if (GetParam() == TableType::duplicate_bag) state["1"] = joined(1, {0, 1, 2, 1});
      });
}

TEST_P(KillAtEveryStepOfABag, DeleteObject) {
  expect(
      "delete_object of four",
      [object = object_of(2, 1)](Session& session) { session.table().delete_object(kCaller, object); },
      [](State& state) {
        state["2"] = joined(2, {0, 2, 3});
      });
}

TEST_P(KillAtEveryStepOfABag, DeleteObjectOfTwo) {
  expect(
      "delete_object of two",
      [object = object_of(3, 0)](Session& session) { session.table().delete_object(kCaller, object); },
      [](State& state) { state["3"] = joined(3, {9}); },
      [](Session& session) {
        prepare_bag(session);
        session.insert(object_of(3, 9));
      });
}

TEST_P(KillAtEveryStepOfABag, DeleteObjectThatHasCopies) {
  expect(
      "delete_object of one with copies",
      [object = object_of(2, 1)](Session& session) { session.table().delete_object(kCaller, object); },
      [](State& state) {
        state["2"] = joined(2, {0, 2, 3});
      },
      [](Session& session) {
        prepare_bag(session);
        for (int i = 0; i < 5; ++i) session.insert(object_of(2, 1));
      });
}

TEST_P(KillAtEveryStepOfABag, DeleteObjectThatIsAllOfItsKey) {
  expect(
      "delete_object of the only one, with copies",
      [object = object_of(3, 0)](Session& session) { session.table().delete_object(kCaller, object); },
      [](State& state) { state.erase("3"); },
      [](Session& session) {
        prepare_bag(session);
        session.insert(object_of(3, 0), 2);
      });
}

TEST_P(KillAtEveryStepOfABag, DeleteAKey) {
  expect(
      "delete of a key with four objects", [](Session& session) { session.erase(Term(2)); },
      [](State& state) { state.erase("2"); });
}

TEST_P(KillAtEveryStepOfABag, InsertOfSeveral) {
  const std::vector<Term> objects{object_of(1, 8),  object_of(20, 1), object_of(3, 8),
                                  object_of(20, 2), object_of(1, 9),  object_of(21, 1)};
  expect(
      "insert of 6 objects of 4 keys", [objects](Session& session) { session.insert_many(objects); },
      [](State& state) {
        state["1"] = joined(1, {0, 1, 2, 8, 9});
        state["3"] = joined(3, {0, 8});
        state["20"] = joined(20, {1, 2});
        state["21"] = joined(21, {1});
      });
}

TEST_P(KillAtEveryStepOfABag, InsertOfSeveralOfOneKey) {
  const std::vector<Term> objects{object_of(1, 1), object_of(1, 8), object_of(1, 1), object_of(1, 8)};
  expect(
      "insert of 4 objects of a key, some of them there", [objects](Session& session) { session.insert_many(objects); },
      [](State& state) {
        const bool duplicates = GetParam() == TableType::duplicate_bag;
        state["1"] = duplicates ? joined(1, {0, 1, 2, 1, 8, 1, 8}) : joined(1, {0, 1, 2, 8});
      });
}

TEST_P(KillAtEveryStepOfABag, DeleteAllObjects) {
  expect(
      "delete_all_objects", [](Session& session) { session.table().delete_all_objects(kCaller); },
      [](State& state) { state.clear(); });
}

TEST_P(KillAtEveryStepOfABag, InsertThatSplitsABucketOfGroups) {
  const auto keys = keys_of(3, 8);  // the eighth makes three buckets of two
  const auto prepare = [keys](Session& session) {
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
      for (int number = 0; number < 2; ++number) session.insert({keys[i], number});
    }
  };
  expect(
      "insert that splits a bucket of groups",
      [object = Term{keys.back(), "new"}](Session& session) { session.insert(object); },
      [key = keys.back()](State& state) {
        state[std::to_string(key)] = to_string(Term{key, "new"});
      },
      prepare);
}

INSTANTIATE_TEST_SUITE_P(Types, KillAtEveryStepOfABag, ::testing::Values(TableType::bag, TableType::duplicate_bag),
                         [](const auto& type) { return std::string(to_string(type.param)); });

}  // namespace
}  // namespace heirloom::crash
