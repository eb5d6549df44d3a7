// SPDX-License-Identifier: Apache-2.0
//
// Strategy: deadlines and looks at times that the test chooses, where no clock is involved; then a program that really hangs.
#include "heirloom/watchdog.hpp"

#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"
#include "node/watchdogs.hpp"

namespace heirloom::node {
namespace {

using namespace literals;
using std::chrono::milliseconds;
using Hung = std::vector<std::uint32_t>;

class Beats : public testing::Test {
 protected:
  static constexpr std::uint32_t kProgram = 7;
  static Watchdogs::Clock::time_point at(int ms) { return Watchdogs::Clock::time_point(milliseconds(ms)); }
  // Beats at that time, with a time-out of 100 ms.
  void beat(int ms, std::size_t which = 0) {
    header->beats[which].timeout = static_cast<std::uint64_t>(std::chrono::nanoseconds(milliseconds(100)).count());
    header->beats[which].deadline =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(milliseconds(ms + 100)).count());
  }
  void watch() { watchdogs.watch(kProgram, header); }

  std::shared_ptr<shm::ProcessHeader> header = std::make_shared<shm::ProcessHeader>();
  Watchdogs watchdogs;
};

TEST_F(Beats, AreLookedAtWhenTheirDeadlineIsOver) {
  EXPECT_EQ(watchdogs.next_look(), std::nullopt);
  watch();
  EXPECT_EQ(watchdogs.next_look(), std::nullopt) << "nothing to watch";
  beat(0);
  watch();
  EXPECT_EQ(watchdogs.next_look(), at(100));
  beat(90);
  EXPECT_EQ(watchdogs.look(at(100)), Hung{});
  EXPECT_EQ(watchdogs.next_look(), at(190));
}

TEST_F(Beats, ThatAreMissedTwiceEndTheProgram) {
  beat(0);
  watch();
  EXPECT_EQ(watchdogs.look(at(101)), Hung{});
  EXPECT_EQ(watchdogs.next_look(), at(126));
  EXPECT_EQ(watchdogs.look(at(126)), Hung{kProgram});
  EXPECT_EQ(watchdogs.next_look(), std::nullopt);
}

TEST_F(Beats, ThatComeJustInTimeDoNot) {
  beat(0);
  watch();
  watchdogs.look(at(101));
  beat(110);
  EXPECT_EQ(watchdogs.look(at(126)), Hung{});
  EXPECT_EQ(watchdogs.next_look(), at(210));
}

TEST_F(Beats, OfAProgramInATimeNamespaceAreOfItsClock) {
  constexpr int kHour = 3'600'000;
  header->clock_offset = std::chrono::nanoseconds(milliseconds(kHour)).count();
  beat(kHour);
  watch();
  EXPECT_EQ(watchdogs.next_look(), at(100));
  EXPECT_EQ(watchdogs.look(at(101)), Hung{});
  beat(kHour + 110);
  EXPECT_EQ(watchdogs.look(at(126)), Hung{});
  EXPECT_EQ(watchdogs.next_look(), at(210));
}

TEST_F(Beats, AreGivenTheirWholeTimeByAManagerThatComesLateItself) {
  beat(0);
  watch();
  EXPECT_EQ(watchdogs.look(at(5000)), Hung{});
  EXPECT_EQ(watchdogs.next_look(), at(5100));
}

TEST_F(Beats, OfOneThreadDoNotCoverForAnother) {
  beat(0, 0);
  beat(0, 1);
  watch();
  beat(90, 0);
  EXPECT_EQ(watchdogs.look(at(101)), Hung{});
  beat(110, 0);
  EXPECT_EQ(watchdogs.look(at(126)), Hung{kProgram});
}

TEST_F(Beats, AreNotLookedAtDuringAPause) {
  beat(0);
  watch();
  header->beats[0].deadline = 0;
  EXPECT_EQ(watchdogs.look(at(100)), Hung{});
  EXPECT_EQ(watchdogs.next_look(), std::nullopt);
}

class HungPrograms : public NodeDirectoryTest {
 protected:
  Node opened = Node::open(node());
};

TEST_F(HungPrograms, AreEndedAndTheirTablesMoveOn) {
  HelperProgram worker;
  worker.get("open " + node());
  worker.get("open_or_create jobs");
  worker.say("hang 50");
  EXPECT_EQ(worker.wait(), SIGKILL);
  while (opened.open_table("jobs"_atom).info().owner) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(opened.open_table("jobs"_atom).lineage()[0].end, TenureEnd::hung);
}

TEST_F(HungPrograms, AreEndedByTheNextManagerToo) {
  HelperProgram manager;
  const std::string other = base() / "other";
  manager.get("open " + other);
  HelperProgram worker;
  worker.get("open " + other);
  manager.stop();
  worker.say("hang 50");
  std::this_thread::sleep_for(milliseconds(200));  // nobody looks
  manager.kill();
  EXPECT_EQ(worker.wait(), SIGKILL);
}

TEST_F(HungPrograms, AreNotThoseThatBeatPauseOrEndTheirWatchdog) {
  for (int round = 0; round < 20; ++round) {
    Watchdog watchdog(opened, milliseconds(50));
    std::this_thread::sleep_for(milliseconds(10));
    watchdog.beat();
    watchdog.pause();
    if (round == 0) std::this_thread::sleep_for(milliseconds(200));
    watchdog.resume();
  }
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_THROW(Watchdog(opened, milliseconds(1)), Error);
  std::vector<std::unique_ptr<Watchdog>> many;
  while (many.size() < shm::kBeatsMax) many.push_back(std::make_unique<Watchdog>(opened, std::chrono::hours(1)));
  EXPECT_THROW(Watchdog(opened, std::chrono::hours(1)), Error);
}

}  // namespace
}  // namespace heirloom::node
