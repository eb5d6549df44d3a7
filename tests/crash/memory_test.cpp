// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write that moves memory: runs of pages, a growing file, magazines that are sealed,
// reclaimed and emptied; and writes that a full table refuses.
#include <stdexcept>

#include <gtest/gtest.h>

#include "child.hpp"
#include "scenario.hpp"

namespace heirloom::crash {
namespace {

constexpr int kRoom = 28;  // of a magazine: shm/heap.hpp

// After so many overwrites of an object, one more.
Scenario overwrite_after(const std::string& name, int times) {
  return {.name = name,
          .prepare =
              [times](Session& session) {
                session.insert({5, 1}, 1 + times);
              },
          .operation = [object = Term{5, 2}](Session& session) { session.insert(object); },
          .effect = [](State& state) { state["5"] = "{5,2}"; }};
}

TEST(KillAtEveryStep, FirstRetirement) {
  expect_old_or_new_at_every_step(overwrite_after("overwrite, first magazine", 0));
}

TEST(KillAtEveryStep, OverwriteThatSealsAMagazine) {
  expect_old_or_new_at_every_step(overwrite_after("overwrite that seals a magazine", kRoom));
}

TEST(KillAtEveryStep, OverwriteThatReclaims) {
  expect_old_or_new_at_every_step(overwrite_after("overwrite that reclaims four magazines", 4 * kRoom));
}

TEST(KillAtEveryStep, OverwriteThatEmptiesAFreeMagazine) {
  expect_old_or_new_at_every_step(overwrite_after("overwrite that takes the last block of a magazine", 5 * kRoom - 1));
}

TEST(KillAtEveryStep, OverwriteThatSealsAndReclaimsWhatIsSafe) {
  expect_old_or_new_at_every_step(overwrite_after("overwrite that seals a magazine again", 8 * kRoom));
}

TEST(KillAtEveryStep, InsertThatGrowsTheFile) {
  const std::string object = "{1,<<\"" + std::string(600, 'x') + "\">>}";  // the first of its size class: needs a run
  expect_old_or_new_at_every_step({.name = "insert that grows the file",
                                   .prepare =
                                       [](Session& session) {
                                         // Objects that take a page each.
                                         const auto left = [&] {
                                           return session.segment().pages_in_file - session.segment().pages_used;
                                         };
                                         for (std::int64_t key = 100; left() != 0 || key < 104; ++key) {
                                           session.insert({key, std::string(3000, 'y')});
                                         }
                                       },
                                   .operation = [term = parse(object)](Session& session) { session.insert(term); },
                                   .effect = [=](State& state) { state["1"] = object; }});
}

// Keys of one stripe, to which a table with 1 MiB gives all its memory.
const std::vector<std::int64_t>& keys_of_a_stripe() {
  static const std::vector<std::int64_t> keys = keys_of(3, 100);
  return keys;
}

void fill(Session& session) {
  try {
    for (const std::int64_t key : keys_of_a_stripe()) session.insert({key, std::string(20000, 'x')});
  } catch (const Error& error) {
    if (error.code() == ErrorCode::full) return;
    throw;
  }
  throw std::runtime_error("the table should be full");
}

template <typename Write>
void expect_full(Write write) {
  try {
    write();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::full) return;
    throw;
  }
  throw std::runtime_error("the table should refuse this");
}

TEST(KillAtEveryStep, InsertThatAFullTableRefuses) {
  const Term object{keys_of_a_stripe().back(), std::string(20000, 'z')};
  expect_old_or_new_at_every_step(
      {.name = "insert that a full table refuses",
       .prepare = fill,
       .operation = [object](Session& session) { expect_full([&] { session.insert(object); }); },
       .effect = {},
       .full = true});
}

// No page is left, and hardly a block.
std::vector<std::int64_t> fill_to_the_last_block(Session& session) {
  std::vector<std::int64_t> keys = keys_of(3, 600);
  std::size_t next = 0;
  for (; next < 40; ++next) session.insert({keys[next], std::string(next * 48, 'a')});
  for (const std::size_t bytes : {20000, 3000, 1000, 200, 100, 20, 1}) {
    try {
      while (next < keys.size()) {
        session.insert({keys[next], std::string(bytes, 'x')});
        ++next;
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;
    }
  }
  keys.resize(next);
  return keys;
}

// Nor a block for another magazine: retiring has to do with those that there are.
void fill_and_erase(Session& session) {
  for (const std::int64_t key : fill_to_the_last_block(session)) session.erase(Term(key));
}

// Not stepped: it looks for memory in every size class, which takes a million instructions.
TEST(FullTable, DeletesEverythingAndStaysSound) {
  const ScratchDirectory directory;
  create_table(directory.descriptor(), std::uint64_t{1} << 20);
  Helper process([&] {
    Session session(directory.descriptor());
    fill_and_erase(session);
    fill_and_erase(session);  // and what was deleted is room again
    const CheckReport report = session.table().check();
    if (!report.ok) return report.findings.front();
    return report.objects == 0 ? std::string("sound and empty") : std::to_string(report.objects) + " objects are left";
  });
  EXPECT_EQ(process.result(), "sound and empty");
}

TEST(KillAtEveryStep, InsertOfSeveralObjectsThatAFullTableRefuses) {
  const auto& keys = keys_of_a_stripe();
  std::vector<Term> objects;
  for (std::size_t i = 0; i < 4; ++i) objects.push_back({keys[i], "short"});
  objects.push_back({keys.back(), std::string(20000, 'z')});
  expect_old_or_new_at_every_step(
      {.name = "insert of 5 objects that a full table refuses",
       .prepare = fill,
       .operation = [objects](Session& session) { expect_full([&] { session.insert_many(objects); }); },
       .effect = {},
       .full = true});
}

// No page is left, but for the empty root, which has one beyond max_bytes. (Of few objects: each is retired.)
void fill_all_pages(Session& session) {
  const auto keys = keys_of(3, 100);
  std::size_t next = 0;
  for (const std::size_t bytes : {20000, 3000, 1000}) {
    try {
      for (; next < keys.size(); ++next) session.insert({keys[next], std::string(bytes, 'x')});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;
      continue;
    }
    throw std::runtime_error("the table should be full");
  }
}

TEST(KillAtEveryStep, DeleteAllObjectsOfAFullTable) {
  expect_old_or_new_at_every_step({.name = "delete_all_objects of a full table",
                                   .prepare = fill_all_pages,
                                   .operation = [](Session& session) { session.table().delete_all_objects(kCaller); },
                                   .effect = [](State& state) { state.clear(); },
                                   .full = true});
}

}  // namespace
}  // namespace heirloom::crash
