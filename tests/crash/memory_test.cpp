// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write that moves memory: runs of pages, a growing file, magazines that are sealed,
// reclaimed and emptied; and writes that a full table refuses.
#include <stdexcept>

#include <gtest/gtest.h>

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

TEST(KillAtEveryStep, InsertThatATableWithoutMagazinesRefuses) {
  const auto& keys = keys_of_a_stripe();
  expect_old_or_new_at_every_step({.name = "insert that a full table without magazines refuses",
                                   .prepare =
                                       [](Session& session) {
                                         // One retired block of each of many size classes: all magazines of the first run are being filled.
                                         const auto others = keys_of(3, 32, 1'000'000);
                                         for (std::size_t i = 0; i < others.size(); ++i)
                                           session.insert({others[i], std::string(1 << (i / 4), 'm')}, 2);
                                         for (std::size_t i = 0; i < others.size(); ++i)
                                           session.insert({others[i], std::string(i * 16, 'm')}, 2);
                                         fill(session);
                                       },
                                   .operation = [object = Term{keys.back(), std::string(20000, 'z')}](
                                                    Session& session) { expect_full([&] { session.insert(object); }); },
                                   .effect = {},
                                   .full = true});
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

}  // namespace
}  // namespace heirloom::crash
