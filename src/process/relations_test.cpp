// SPDX-License-Identifier: Apache-2.0
#include "process/relations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heirloom::process {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Pid kAnna{1, 1};
constexpr Pid kBert{1, 2};
constexpr Pid kFar{2, 1};

TEST(Relations, ALinkIsSeenFromBothEndsUntilEitherUnlinks) {
  Relations relations;
  relations.link(kAnna, kBert);
  EXPECT_TRUE(relations.concern(kAnna));
  EXPECT_TRUE(relations.concern(kBert));
  relations.unlink(kBert, kAnna);
  EXPECT_FALSE(relations.concern(kAnna));
  EXPECT_FALSE(relations.concern(kBert));
}

TEST(Relations, ADeathNamesTheLinkedAndTheWatchers) {
  Relations relations;
  relations.link(kAnna, kBert);
  relations.monitor(7, {Term("reference"), kFar, kAnna});
  const Survivors survivors = relations.remove(kAnna);
  EXPECT_THAT(survivors.linked, ElementsAre(kBert));
  ASSERT_EQ(survivors.monitors.size(), 1U);
  EXPECT_EQ(survivors.monitors[0].watcher, kFar);
  EXPECT_FALSE(relations.concern(kAnna));
  EXPECT_THAT(relations.remove(kBert).linked, IsEmpty());
}

TEST(Relations, ADeathNamesWhomTheDeadNoLongerWatches) {
  Relations relations;
  relations.monitor(7, {Term("reference"), kAnna, kFar});
  EXPECT_THAT(relations.remove(kAnna).no_longer_watched, ElementsAre(kFar));
  EXPECT_FALSE(relations.concern(kFar));
}

TEST(Relations, OnlyTheWatcherMayDemonitor) {
  Relations relations;
  relations.monitor(7, {Term("reference"), kAnna, kFar});
  EXPECT_FALSE(relations.demonitor(7, kBert));
  EXPECT_FALSE(relations.demonitor(8, kAnna));
  EXPECT_EQ(relations.demonitor(7, kAnna), kFar);
  EXPECT_FALSE(relations.concern(kFar));
}

TEST(Relations, AProcessThatMonitorsItselfIsToldOnce) {
  Relations relations;
  relations.monitor(7, {Term("reference"), kAnna, kAnna});
  const Survivors survivors = relations.remove(kAnna);
  EXPECT_EQ(survivors.monitors.size(), 1U);
  EXPECT_FALSE(relations.concern(kAnna));
}

TEST(Relations, SeveralMonitorsOfOneTargetAreSeveralMessages) {
  Relations relations;
  relations.monitor(7, {Term("one"), kAnna, kFar});
  relations.monitor(8, {Term("two"), kAnna, kFar});
  relations.demonitor(7, kAnna);
  EXPECT_TRUE(relations.concern(kFar));
  EXPECT_EQ(relations.remove(kFar).monitors.size(), 1U);
}

}  // namespace
}  // namespace heirloom::process
