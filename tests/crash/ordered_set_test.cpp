// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write to an ordered_set: into holes, and where leaves and branches are copied, split and merged.
#include <gtest/gtest.h>

#include "scenario.hpp"
#include "table/tree.hpp"

namespace heirloom::crash {
namespace {

// Even numbers, so that there is a place between any two. Ascending keys leave 30 objects in each leaf but the last.
using namespace literals;

constexpr int kLeafFull = static_cast<int>(table::kLeafRoom);
Term even(int number) { return Term(2 * number); }
void insert_even(Session& session, int count) {
  for (int number = 0; number < count; ++number) session.insert({even(number), 1});
}

// Keys whose prefixes are all the same, so that separators have blocks.
Term alike(int number) { return {"alike"_atom, number}; }
void insert_alike(Session& session, int count) {
  for (int number = 0; number < count; ++number) session.insert({alike(number), 1});
}

// How many levels are above the leaves.
unsigned height(const Session& session) {
  const auto* const base = reinterpret_cast<const std::byte*>(&session.segment());
  const auto word = [&](std::uint64_t offset) { return *reinterpret_cast<const std::uint64_t*>(base + offset); };
  const std::uint64_t head = word(offsetof(shm::SegmentHeader, table) + offsetof(table::TableHeader, root)) +
                             offsetof(table::IndexHead, directory);
  return static_cast<unsigned>(word(word(head)) >> 8);
}

void expect(const std::string& what, const std::function<void(Session&)>& prepare,
            const std::function<void(Session&)>& operation, const std::function<void(State&)>& effect,
            std::uint64_t max_bytes = std::uint64_t{1} << 20) {
  expect_old_or_new_at_every_step({.name = "ordered_set: " + what,
                                   .prepare = prepare,
                                   .operation = operation,
                                   .effect = effect,
                                   .max_bytes = max_bytes,
                                   .type = TableType::ordered_set});
}

void expect_insert(const std::string& what, const std::function<void(Session&)>& prepare, const Term& key,
                   std::uint64_t max_bytes = std::uint64_t{1} << 20) {
  expect(
      what, prepare, [object = Term{key, 2}](Session& session) { session.insert(object); },
      [key](State& state) {
        state[to_string(key)] = to_string(Term{key, 2});
      },
      max_bytes);
}

void expect_erase(const std::string& what, const std::function<void(Session&)>& prepare, const Term& key,
                  std::uint64_t max_bytes = std::uint64_t{1} << 20) {
  expect(
      what, prepare, [key](Session& session) { session.erase(key); },
      [key](State& state) { state.erase(to_string(key)); }, max_bytes);
}

using Prepare = std::function<void(Session&)>;
Prepare of_even(int count) {
  return [count](Session& session) { insert_even(session, count); };
}
Prepare of_alike(int count) {
  return [count](Session& session) { insert_alike(session, count); };
}

TEST(KillAtEveryStepOfATree, TheFirstObject) {
  expect_insert(
      "the first object", [](Session&) {}, even(1));
}

TEST(KillAtEveryStepOfATree, InsertIntoAHole) { expect_insert("insert into a hole", of_even(5), even(5)); }

TEST(KillAtEveryStepOfATree, InsertIntoAHoleAmongHoles) {
  expect_insert(
      "insert into a hole among holes",
      [](Session& session) {
        insert_even(session, 12);
        for (int number = 4; number < 9; ++number) session.erase(even(number));
      },
      Term(11));
}

TEST(KillAtEveryStepOfATree, InsertThatCopiesALeaf) {
  expect_insert("insert that copies a leaf", of_even(10), Term(7));
}

TEST(KillAtEveryStepOfATree, Overwrite) { expect_insert("overwrite", of_even(10), even(7)); }

TEST(KillAtEveryStepOfATree, OverwriteThatChangesTheKey) {
  expect(
      "overwrite of an integer by a float", of_even(10),
      [object = Term{6.0, 2}](Session& session) { session.insert(object); },
      [](State& state) {
        state.erase("6");
        state["6.0"] = "{6.0,2}";
      });
}

TEST(KillAtEveryStepOfATree, UpdateCounter) {
  const CounterUpdate update{.position = 2, .increment = 1};
  expect(
      "update_counter", of_even(10),
      [update](Session& session) {
        session.table().update_counter(kCaller, even(3), {&update, 1}, nullptr);
      },
      [](State& state) { state["6"] = "{6,2}"; });
}

TEST(KillAtEveryStepOfATree, InsertThatSplitsTheOnlyLeaf) {
  expect_insert("insert that splits the only leaf", of_even(kLeafFull), Term(31));
}

TEST(KillAtEveryStepOfATree, InsertBehindAFullLeaf) {
  expect_insert("insert behind a full leaf", of_even(kLeafFull), even(kLeafFull));
}

TEST(KillAtEveryStepOfATree, InsertThatSplitsALeaf) {
  expect_insert(
      "insert that splits a leaf among others",
      [](Session& session) {
        insert_even(session, 3 * kLeafFull);
        session.insert({Term(2 * kLeafFull + 1), 1});
      },
      Term(2 * kLeafFull + 3));
}

TEST(KillAtEveryStepOfATree, InsertThatSplitsALeafOfOnePrefix) {
  expect_insert("insert that splits a leaf of one prefix", of_alike(kLeafFull), alike(kLeafFull));
}

// 62 leaves of ascending keys are one full branch.
constexpr int kBranchFull = kLeafFull + (static_cast<int>(table::kBranchRoom) - 1) * (kLeafFull - 1);

TEST(KillAtEveryStepOfATree, InsertThatSplitsABranch) {
  const std::uint64_t max_bytes = std::uint64_t{4} << 20;
  expect_insert("insert that splits the root", of_even(kBranchFull), even(kBranchFull), max_bytes);
}

TEST(KillAtEveryStepOfATree, Erase) { expect_erase("delete", of_even(10), even(5)); }

TEST(KillAtEveryStepOfATree, EraseTheLastObject) { expect_erase("delete of the last object", of_even(1), even(0)); }

TEST(KillAtEveryStepOfATree, EraseThatMergesTwoLeavesOfTheRoot) {
  expect_erase("delete that merges the leaves of the root", of_even(kLeafFull + 1), even(kLeafFull));
}

TEST(KillAtEveryStepOfATree, EraseThatMergesLeaves) {
  expect_erase("delete that merges two leaves of several", of_even(kLeafFull * 2), even(kLeafFull * 2 - 1));
}

TEST(KillAtEveryStepOfATree, EraseThatMergesLeavesOfOnePrefix) {
  expect_erase("delete that merges leaves of one prefix", of_alike(kLeafFull + 1), alike(kLeafFull));
}

TEST(KillAtEveryStepOfATree, EraseThatMergesBranches) {
  const std::uint64_t max_bytes = std::uint64_t{4} << 20;
  // How many must go from the front until the tree is lower.
  int last = 0;
  {
    const ScratchDirectory directory;
    create_table(directory.descriptor(), max_bytes, TableType::ordered_set);
    Session session(directory.descriptor());
    insert_even(session, kBranchFull + 1);
    ASSERT_EQ(height(session), 2U);
    while (session.erase(even(last)), height(session) == 2U) ++last;
  }
  expect_erase(
      "delete that merges branches",
      [last](Session& session) {
        insert_even(session, kBranchFull + 1);
        for (int number = 0; number < last; ++number) session.erase(even(number));
      },
      even(last), max_bytes);
}

TEST(KillAtEveryStepOfATree, InsertOfSeveral) {
  std::vector<Term> objects;
  for (const int number : {5, 3, 4, 70, 5, 8}) objects.push_back({number, "several"});
  expect(
      "insert of 6 objects: new, overwritten, one key twice", of_even(10),
      [objects](Session& session) { session.insert_many(objects); },
      [objects](State& state) {
        for (const Term& object : objects) state[to_string(object.element(1))] = to_string(object);
      });
}

TEST(KillAtEveryStepOfATree, InsertOfSeveralThatSplitsLeaves) {
  std::vector<Term> objects;
  for (int number = 0; number < 12; ++number) objects.push_back({2 * number + 1, "several"});
  expect(
      "insert of 12 objects that splits leaves", of_even(kLeafFull),
      [objects](Session& session) { session.insert_many(objects); },
      [objects](State& state) {
        for (const Term& object : objects) state[to_string(object.element(1))] = to_string(object);
      });
}

TEST(KillAtEveryStepOfATree, DeleteAllObjects) {
  const auto erase_all = [](Session& session) { session.table().delete_all_objects(kCaller); };
  const auto nothing = [](State& state) { state.clear(); };
  expect("delete_all_objects", of_even(kLeafFull + 4), erase_all, nothing);
  expect("delete_all_objects of one prefix", of_alike(kLeafFull + 4), erase_all, nothing);
}

}  // namespace
}  // namespace heirloom::crash
