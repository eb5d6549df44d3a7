// SPDX-License-Identifier: Apache-2.0
//
// Messages that are sent later: erlang:send_after/3, start_timer/3, cancel_timer/1 and read_timer/1.
#include "process/timers.hpp"

#include "process/process_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using std::chrono::hours;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class TimersTest : public ProcessTest {};

TEST_F(TimersTest, AMessageArrivesNotBeforeItsTime) {
  const auto start = Clock::now();
  send_after(milliseconds(20), self(), "tick"_atom);
  EXPECT_EQ(receive(), Term("tick"_atom));
  EXPECT_GE(Clock::now() - start, milliseconds(20));
}

TEST_F(TimersTest, AStartedTimerNamesItself) {
  const Term timer = heirloom::start_timer(milliseconds(0), self(), Term{"tick"_atom, 1});
  EXPECT_EQ(receive(), (Term{"timeout"_atom, timer, Term{"tick"_atom, 1}}));
}

TEST_F(TimersTest, TheOneThatIsDueFirstComesFirst) {
  const Term later = send_after(milliseconds(30), self(), "later"_atom);
  send_after(milliseconds(1), self(), "sooner"_atom);
  EXPECT_EQ(receive(), Term("sooner"_atom));
  EXPECT_EQ(receive(), Term("later"_atom));
}

TEST_F(TimersTest, CancellingOneTellsWhatWasLeftOnce) {
  const Term timer = send_after(hours(1), self(), "cancelled"_atom);
  const auto left = cancel_timer(timer);
  ASSERT_TRUE(left);
  EXPECT_GT(*left, milliseconds(0));
  EXPECT_LE(*left, hours(1));
  EXPECT_FALSE(cancel_timer(timer));
  EXPECT_FALSE(read_timer(timer));
}

TEST_F(TimersTest, ReadingOneLeavesItAlone) {
  const Term timer = send_after(hours(1), self(), "far"_atom);
  const auto left = read_timer(timer);
  ASSERT_TRUE(left);
  EXPECT_LE(*left, hours(1));
  EXPECT_GT(*left, milliseconds(0));
  EXPECT_TRUE(cancel_timer(timer));
}

TEST_F(TimersTest, OneThatWasSentIsThereNoMore) {
  const Term timer = send_after(milliseconds(0), self(), "tick"_atom);
  EXPECT_EQ(receive(), Term("tick"_atom));
  EXPECT_FALSE(read_timer(timer));
  EXPECT_FALSE(cancel_timer(timer));
  EXPECT_FALSE(cancel_timer(Term("no timer"_atom)));
}

TEST_F(TimersTest, OneBeyondTheEndOfTheClockIsNeverSentAndCanBeCancelled) {
  const Term timer = send_after(milliseconds::max(), self(), "never"_atom);
  send_after(milliseconds(1), self(), "tick"_atom);
  EXPECT_EQ(receive(), Term("tick"_atom));
  EXPECT_TRUE(cancel_timer(timer));
}

TEST_F(TimersTest, ADelayIsNotNegative) {
  try {
    send_after(milliseconds(-1), self(), "tick"_atom);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::badarg);
  }
}

TEST_F(TimersTest, OneGoesOnWhenWhoStartedItHasEnded) {
  const Pid me = self();
  const Pid starter = spawn([me] { send_after(milliseconds(10), me, "tick"_atom); });
  host->wait_until_ended(starter, std::nullopt);
  EXPECT_EQ(receive(), Term("tick"_atom));
}

TEST(Timers, ACancelledOneIsNotTakenThoughItIsDue) {
  Timers timers;
  timers.add(7, Clock::now() - hours(1), {Pid{1, 0}, 7});
  EXPECT_EQ(timers.left(7), Clock::duration::zero());
  EXPECT_EQ(timers.cancel(7), Clock::duration::zero());
  EXPECT_TRUE(timers.take_due().empty());
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(Timers, OfOneMomentAreTakenInTheOrderInWhichTheyWereStarted) {
  Timers timers;
  const auto now = Clock::now();
  EXPECT_TRUE(timers.add(7, now, {Pid{1, 0}, 7}));
  EXPECT_FALSE(timers.add(8, now, {Pid{1, 0}, 8}));
  EXPECT_TRUE(timers.add(9, now - milliseconds(1), {Pid{1, 0}, 9}));
  EXPECT_FALSE(timers.add(10, now + hours(1), {Pid{1, 0}, 10}));
  const auto due = timers.take_due();
  ASSERT_EQ(due.size(), 3u);
  EXPECT_EQ(due[0].message, Term(9));
  EXPECT_EQ(due[1].message, Term(7));
  EXPECT_EQ(due[2].message, Term(8));
  EXPECT_EQ(timers.next(), Deadline(now + hours(1)));
}

}  // namespace
}  // namespace heirloom::process
