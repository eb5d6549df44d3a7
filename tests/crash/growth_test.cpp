// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write that changes the hash table itself: overflow, splits, chunks, directories, and
// delete_all_objects, which replaces all of it.
#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

void insert_all(Session& session, const std::vector<std::int64_t>& keys, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) session.insert({keys[i], 1});
}

// Inserts one key of the stripe after `count` others. A stripe has a bucket for 3.5 objects: it splits at the 4th, 8th, 11th,
// 15th ... object.
Scenario insert_after(const std::string& name, const std::vector<std::int64_t>& keys, std::size_t count) {
  const std::int64_t key = keys[count];
  return {.name = name,
          .prepare = [keys, count](Session& session) { insert_all(session, keys, count); },
          .operation = [object = Term{key, 2}](Session& session) { session.insert(object); },
          .effect = [key](State& state) { state[std::to_string(key)] = "{" + std::to_string(key) + ",2}"; }};
}

TEST(KillAtEveryStep, FirstInsertOfAStripe) {
  Scenario scenario = insert_after("first insert of a stripe: directory, chunk, bucket", keys_of(kStripe, 1), 0);
  scenario.prepare = [](Session& session) { session.insert({keys_of(kStripe + 1, 1)[0], 1}); };
  expect_old_or_new_at_every_step(scenario);
}

TEST(KillAtEveryStep, InsertThatSplitsABucket) {
  expect_old_or_new_at_every_step(insert_after("insert that splits a bucket", keys_of(kStripe, 11), 10));
}

TEST(KillAtEveryStep, InsertThatSplitsABucketAndNeedsAChunk) {
  expect_old_or_new_at_every_step(
      insert_after("insert that splits a bucket, with a new chunk", keys_of(kStripe, 15), 14));
}

TEST(KillAtEveryStep, InsertIntoAFullBucket) {
  // Eight that fill and split, all but one of which share a bucket; the ninth needs an overflow bucket, but no split.
  std::vector<std::int64_t> keys = keys_of(kStripe, 1, 0, 1, 15);
  for (const std::int64_t key : keys_of(kStripe, 8, 0, 0, 15)) keys.push_back(key);
  expect_old_or_new_at_every_step(insert_after("insert into a full bucket: overflow", keys, 8));
}

TEST(KillAtEveryStep, InsertThatMovesAChainOfBuckets) {
  // All eight share a bucket, and all move: both chains have an overflow bucket.
  expect_old_or_new_at_every_step(
      insert_after("insert that splits an overflowing bucket, all of which moves", keys_of(kStripe, 8, 0, 2, 15), 7));
}

TEST(KillAtEveryStep, InsertThatEnlargesTheDirectory) {
  // Sixteen chunks have 2,048 buckets.
  Scenario scenario = insert_after("insert that enlarges the directory of a stripe", keys_of(kStripe, 7169), 7168);
  scenario.max_bytes = std::uint64_t{16} << 20;
  expect_old_or_new_at_every_step(scenario);
}

TEST(KillAtEveryStep, DeleteAllObjects) {
  expect_old_or_new_at_every_step({.name = "delete_all_objects",
                                   .prepare =
                                       [](Session& session) {
                                         insert_all(session, keys_of(0, 4), 4);
                                         insert_all(session, keys_of(kStripe, 8, 0, 2, 15), 8);
                                       },
                                   .operation = [](Session& session) { session.table().delete_all_objects(kCaller); },
                                   .effect = [](State& state) { state.clear(); }});
}

}  // namespace
}  // namespace heirloom::crash
