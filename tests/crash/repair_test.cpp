// SPDX-License-Identifier: Apache-2.0
//
// The repairer dies too. What a killed writer left is repaired by a process that is itself stepped and killed at every
// instruction: whoever comes third finds the very state that the first death left.
#include <functional>

#include <gtest/gtest.h>

#include "live_node.hpp"
#include "scenario.hpp"

namespace heirloom::crash {
namespace {

// Looks into what a death left.
class Remains {
 public:
  explicit Remains(const Image& image) : image_(image) {}

  [[nodiscard]] std::uint64_t header(std::size_t offset) const { return image_.word(kSegmentFile, offset); }
  [[nodiscard]] std::uint64_t table(std::size_t offset) const {
    return header(offsetof(shm::SegmentHeader, table) + offset);
  }
  [[nodiscard]] std::uint64_t stripe(std::uint32_t index, std::size_t offset) const {
    return header(header(offsetof(shm::SegmentHeader, stripes)) + index * sizeof(shm::Stripe) + offset);
  }
  [[nodiscard]] std::uint64_t work(std::uint32_t index, table::Work kind) const {
    return stripe(index, offsetof(shm::Stripe, work) + kind * sizeof(std::uint64_t));
  }
  // Any stripe.
  [[nodiscard]] bool any(const std::function<bool(std::uint32_t)>& holds) const {
    const auto stripes = static_cast<std::uint32_t>(header(offsetof(shm::SegmentHeader, stripe_count)));
    for (std::uint32_t index = 0; index < stripes; ++index) {
      if (holds(index)) return true;
    }
    return false;
  }
  [[nodiscard]] bool has(table::Work kind) const {
    return any([&](std::uint32_t index) { return work(index, kind) != 0; });
  }
  [[nodiscard]] bool is_armed(std::size_t intent) const { return (header(intent) & shm::kArmedMask) != 0; }
  [[nodiscard]] bool published(std::size_t intent) const {
    const std::uint64_t entry = intent + offsetof(shm::Intent, entries);
    return is_armed(intent) && header(header(entry)) == header(entry + 8);
  }
  // An intent record that is armed, before or after its publishing store.
  [[nodiscard]] bool armed(bool is_published) const {
    return any([&](std::uint32_t index) {
      const std::size_t intent =
          header(offsetof(shm::SegmentHeader, stripes)) + index * sizeof(shm::Stripe) + offsetof(shm::Stripe, intent);
      return is_armed(intent) && published(intent) == is_published;
    });
  }
  [[nodiscard]] bool pool_published() const { return published(offsetof(shm::SegmentHeader, pool_intent)); }
  [[nodiscard]] bool committed() const {
    return any(
        [&](std::uint32_t index) { return work(index, table::kHome) != 0 && header(work(index, table::kHome)) != 0; });
  }
  // An overflow bucket of the bucket after the last, which no reader looks at.
  [[nodiscard]] bool unborn_overflow(std::uint32_t stripe) const {
    const std::uint64_t head = table(offsetof(table::TableHeader, root)) + stripe * sizeof(table::IndexHead);
    const table::ChunkPlace place = table::chunk_of(table::shape_buckets(header(head)));
    const std::uint64_t chunk = header(header(head + offsetof(table::IndexHead, directory)) + place.chunk * 8);
    return chunk != 0 && header(chunk + place.index * sizeof(table::Bucket) + offsetof(table::Bucket, overflow)) != 0;
  }

 private:
  const Image& image_;
};

// Kills the repair of what `scenario` leaves at the first, the middle and the last moment for which `chosen` holds.
void expect_repair_survives_deaths(
    const Scenario& scenario, const std::string& when, const std::function<bool(const Remains&)>& chosen,
    const std::function<void(Session&)>& repair = [](Session& session) { session.table().fence(); },
    const std::function<void(State&)>& effect = {}) {
  const Recording recording = record(scenario);
  ASSERT_EQ(recording.failure, "");
  std::vector<const Image*> found;
  for (const Moment& moment : recording.moments) {
    if (chosen(Remains(moment.image))) found.push_back(&moment.image);
  }
  ASSERT_FALSE(found.empty()) << "no death of " << scenario.name << " leaves this: " << when;
  std::vector<const Image*> starts{found.front()};
  if (found.size() > 2) starts.push_back(found[found.size() / 2]);
  if (found.size() > 1) starts.push_back(found.back());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    expect_old_or_new_at_every_step({.name = "after a death " + when + " (" + std::to_string(i + 1) + ")",
                                     .prepare = {},
                                     .operation = repair,
                                     .effect = effect,
                                     .type = scenario.type,
                                     .start = *starts[i]});
  }
}

Scenario overwrite() {
  return {.name = "overwrite",
          .prepare =
              [](Session& session) {
                session.insert({5, 1, 2});
              },
          .operation = [object = Term{5, 7, 8}](Session& session) { session.insert(object); },
          .effect = {}};
}

TEST(KillTheRepairer, OfAnArmedChange) {
  expect_repair_survives_deaths(overwrite(), "with an armed, unpublished change",
                                [](const Remains& remains) { return remains.armed(false); });
}

TEST(KillTheRepairer, OfAPublishedChange) {
  expect_repair_survives_deaths(overwrite(), "with a published change",
                                [](const Remains& remains) { return remains.armed(true); });
}

TEST(KillTheRepairer, OfARunOnItsWayToAStripe) {
  expect_repair_survives_deaths({.name = "first insert",
                                 .prepare = {},
                                 .operation = [object = Term{5, 7}](Session& session) { session.insert(object); },
                                 .effect = {}},
                                "with a published run of pages",
                                [](const Remains& remains) { return remains.pool_published(); });
}

Scenario insert_of_three() {
  std::vector<Term> objects;
  for (const std::uint32_t stripe : {1, 4, 6}) objects.push_back({keys_of(stripe, 1)[0], 2});
  return {.name = "insert of 3 objects",
          .prepare =
              [](Session& session) {
                session.insert({keys_of(4, 1)[0], 1});
              },
          .operation = [objects](Session& session) { session.insert_many(objects); },
          .effect = {}};
}

TEST(KillTheRepairer, OfAnInsertOfSeveralBeforeItsCommit) {
  expect_repair_survives_deaths(
      insert_of_three(), "in an insert of 3 objects, before the commit",
      [](const Remains& remains) { return remains.has(table::kTransaction) && !remains.committed(); });
}

TEST(KillTheRepairer, OfAnInsertOfSeveralAfterItsCommit) {
  expect_repair_survives_deaths(insert_of_three(), "in an insert of 3 objects, after the commit",
                                [](const Remains& remains) { return remains.committed(); });
}

Scenario split_of_a_chain() {
  const auto keys = keys_of(kStripe, 8, 0, 2, 15);
  return {.name = "split",
          .prepare =
              [keys](Session& session) {
                for (std::size_t i = 0; i < 7; ++i) session.insert({keys[i], 1});
              },
          .operation = [object = Term{keys[7], 1}](Session& session) { session.insert(object); },
          .effect = {}};
}

Scenario insert_of_several_into_a_tree() {
  std::vector<Term> objects;
  for (const int number : {1, 4, 7}) objects.push_back({number, 2});
  return {.name = "insert of 3 objects into a tree",
          .prepare =
              [](Session& session) {
                for (int number = 0; number < 31; ++number) session.insert({2 * number, 1});
              },
          .operation = [objects](Session& session) { session.insert_many(objects); },
          .effect = {},
          .type = TableType::ordered_set};
}

TEST(KillTheRepairer, OfAnInsertOfSeveralIntoATreeBeforeItsCommit) {
  expect_repair_survives_deaths(
      insert_of_several_into_a_tree(), "in an insert of 3 objects into a tree, before the commit",
      [](const Remains& remains) { return remains.has(table::kTransaction) && !remains.committed(); });
}

TEST(KillTheRepairer, OfAnInsertOfSeveralIntoATreeAfterItsCommit) {
  expect_repair_survives_deaths(insert_of_several_into_a_tree(),
                                "in an insert of 3 objects into a tree, after the commit",
                                [](const Remains& remains) { return remains.committed(); });
}

TEST(KillTheRepairer, OfASplitWhoseSweepIsPending) {
  expect_repair_survives_deaths(split_of_a_chain(), "in a split, with a sweep pending",
                                [](const Remains& remains) { return remains.has(table::kSweep); });
}

bool has_unborn_overflow(const Remains& remains) { return remains.unborn_overflow(kStripe); }

TEST(KillTheRepairer, OfASplitThatWasNotPublished) {
  expect_repair_survives_deaths(split_of_a_chain(), "in a split, before it was published", has_unborn_overflow);
}

TEST(KillTheRepairer, WhoDeletesAllObjectsAfterASplitThatWasNotPublished) {
  expect_repair_survives_deaths(
      split_of_a_chain(), "in a split, before it was published; then delete_all_objects", has_unborn_overflow,
      [](Session& session) { session.table().delete_all_objects(kCaller); }, [](State& state) { state.clear(); });
}

Scenario delete_all() {
  return {.name = "delete_all_objects",
          .prepare =
              [](Session& session) {
                for (const std::int64_t key : keys_of(0, 2)) session.insert({key, 1});
                for (const std::int64_t key : keys_of(kStripe, 9, 0, 2, 15)) session.insert({key, 1});
              },
          .operation = [](Session& session) { session.table().delete_all_objects(kCaller); },
          .effect = {}};
}

// A key with a full group.
void prepare_group(Session& session) {
  for (const int number : {1, 2, 1, 3}) session.insert({7, number});
}

TEST(KillTheRepairer, OfADetachedGroup) {
  expect_repair_survives_deaths(
      {.name = "delete_object of a duplicate_bag",
       .prepare = prepare_group,
       .operation = [object = Term{7, 1}](Session& session) { session.table().delete_object(kCaller, object); },
       .effect = {},
       .type = TableType::duplicate_bag},
      "in delete_object, with a detached group", [](const Remains& remains) { return remains.has(table::kDetached); });
}

Scenario insert_into_groups() {
  return {.name = "insert of 3 objects into a bag",
          .prepare = prepare_group,
          .operation =
              [objects = std::vector<Term>{{7, 8}, {7, 9}, {8, 1}}](Session& session) { session.insert_many(objects); },
          .effect = {},
          .type = TableType::bag};
}

TEST(KillTheRepairer, OfAGroupThatWasNotCommitted) {
  expect_repair_survives_deaths(
      insert_into_groups(), "in an insert into a group, before the commit",
      [](const Remains& remains) { return remains.has(table::kTransaction) && !remains.committed(); });
}

TEST(KillTheRepairer, OfAGroupThatWasCommitted) {
  expect_repair_survives_deaths(insert_into_groups(), "in an insert into a group, after the commit",
                                [](const Remains& remains) { return remains.committed(); });
}

bool has_grave(const Remains& remains) { return remains.table(offsetof(table::TableHeader, grave)) != 0; }

TEST(KillTheRepairer, OfADeleteAllWithAGrave) {
  expect_repair_survives_deaths(delete_all(), "in delete_all_objects, with a grave", has_grave);
}

// The grave is emptied by the way of other writes: which may die at it.
TEST(KillTheRepairer, WhoseInsertEmptiesAGrave) {
  for (const std::uint32_t stripe : {0U, kStripe}) {
    const std::int64_t key = keys_of(stripe, 1, 5000)[0];
    expect_repair_survives_deaths(
        delete_all(), "in delete_all_objects; then an insert into stripe " + std::to_string(stripe), has_grave,
        [object = Term{key, 1}](Session& session) { session.insert(object); },
        [key](State& state) { state[std::to_string(key)] = "{" + std::to_string(key) + ",1}"; });
  }
}

TEST(KillTheRepairer, WhoDeletesAllObjectsOnTopOfAGrave) {
  expect_repair_survives_deaths(
      delete_all(), "in delete_all_objects; then delete_all_objects again", has_grave,
      [](Session& session) { session.table().delete_all_objects(kCaller); }, [](State& state) { state.clear(); });
}

}  // namespace
}  // namespace heirloom::crash
