// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of an insert of several objects: all of them are there, or none.
#include <algorithm>

#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

// One key of each stripe, so that the objects of a call are spread.
std::vector<std::int64_t> one_key_a_stripe() {
  std::vector<std::int64_t> keys;
  for (std::uint32_t stripe = 0; stripe < kStripes; ++stripe) keys.push_back(keys_of(stripe, 1)[0]);
  return keys;
}

std::string text(std::int64_t key, const std::string& rest) { return "{" + std::to_string(key) + "," + rest + "}"; }

// Of eight keys, the even ones are there.
void prepare_half(Session& session) {
  const auto keys = one_key_a_stripe();
  for (std::size_t i = 0; i < keys.size(); i += 2) session.insert({keys[i], "old"});
}

struct Call {
  std::vector<Term> objects;
  State written;
  void add(std::int64_t key, const std::string& rest) {
    objects.push_back(parse(text(key, rest)));
    written[std::to_string(key)] = text(key, rest);
  }
  [[nodiscard]] auto effect() const {
    return [written = written](State& state) {
      for (const auto& [key, object] : written) state[key] = object;
    };
  }
};

Call mixed_call() {
  const auto keys = one_key_a_stripe();
  Call call;
  call.add(keys[5], "<<\"new in stripe 5\">>");
  call.add(keys[2], "<<\"overwritten\">>");
  call.add(keys[1], "1");
  call.add(keys[4], "{a,<<\"larger than what was there before\">>}");
  call.add(keys[2], "<<\"the last of its key\">>");
  call.add(keys_of(2, 2)[1], "<<\"a second one of stripe 2\">>");
  return call;
}

TEST(KillAtEveryStep, InsertOfSeveralObjects) {
  const Call call = mixed_call();
  expect_old_or_new_at_every_step({.name = "insert of 6 objects: new, overwritten, one key twice, 4 stripes",
                                   .prepare = prepare_half,
                                   .operation = [call](Session& session) { session.insert_many(call.objects); },
                                   .effect = call.effect()});
}

TEST(KillAtEveryStep, InsertOfSeveralObjectsOfOneStripe) {
  const auto keys = keys_of(6, 3);
  Call call;
  for (const std::int64_t key : keys) call.add(key, "{1,2,3}");
  expect_old_or_new_at_every_step({.name = "insert of 3 objects in one stripe",
                                   .prepare =
                                       [keys](Session& session) {
                                         session.insert({keys[1], "old"});
                                       },
                                   .operation = [call](Session& session) { session.insert_many(call.objects); },
                                   .effect = call.effect()});
}

TEST(KillAtEveryStep, InsertOfSeveralObjectsThatGrowsAStripe) {
  const auto keys = keys_of(3, 9);
  Call call;
  for (std::size_t i = 5; i < keys.size(); ++i) call.add(keys[i], "2");
  expect_old_or_new_at_every_step({.name = "insert of 4 objects that splits buckets",
                                   .prepare =
                                       [keys](Session& session) {
                                         for (std::size_t i = 0; i < 5; ++i) session.insert({keys[i], 1});
                                       },
                                   .operation = [call](Session& session) { session.insert_many(call.objects); },
                                   .effect = call.effect()});
}

// Before it begins: a stripe that has no bucket yet, and one in which what is there moves. One that it only overwrites in stays as it is.
TEST(KillAtEveryStep, InsertOfManyObjectsThatGrowsStripesFirst) {
  const auto empty = keys_of(1, 9);
  const auto full = keys_of(6, 17);
  const auto same = keys_of(7, 4);
  Call call;
  for (const std::int64_t key : empty) call.add(key, "2");
  for (std::size_t i = 5; i < full.size(); ++i) call.add(full[i], "<<\"some text\">>");
  for (const std::int64_t key : same) call.add(key, "3");
  expect_old_or_new_at_every_step({.name = "insert of 25 objects that adds buckets first",
                                   .prepare =
                                       [full, same](Session& session) {
                                         for (std::size_t i = 0; i < 7; ++i) session.insert({full[i], 1});
                                         for (const std::int64_t key : same) session.insert({key, 1});
                                       },
                                   .operation = [call](Session& session) { session.insert_many(call.objects); },
                                   .effect = call.effect()});
}

TEST(KillAtEveryStep, InsertNewOfSeveralObjects) {
  const auto keys = one_key_a_stripe();
  Call call;
  for (const std::size_t i : {1, 3, 7}) call.add(keys[i], "5");
  expect_old_or_new_at_every_step(
      {.name = "insert_new of 3 absent keys",
       .prepare = prepare_half,
       .operation = [call](Session& session) { session.table().insert_new(kCaller, call.objects); },
       .effect = call.effect()});
}

TEST(KillAtEveryStep, InsertNewOfSeveralObjectsOneOfWhichIsThere) {
  const auto keys = one_key_a_stripe();
  Call call;
  for (const std::size_t i : {1, 3, 4}) call.add(keys[i], "5");
  expect_old_or_new_at_every_step(
      {.name = "insert_new of 3 keys, one of them present",
       .prepare = prepare_half,
       .operation = [call](Session& session) { session.table().insert_new(kCaller, call.objects); },
       .effect = {}});
}

}  // namespace
}  // namespace heirloom::crash
