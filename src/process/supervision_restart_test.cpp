// SPDX-License-Identifier: Apache-2.0
//
// Who is restarted when a child dies: the strategies, as OTP's supervisor documents them.
#include <gmock/gmock.h>

#include "process/supervision_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using testing::ElementsAre;

const SupervisorOptions kAll{.strategy = Strategy::one_for_all};
const SupervisorOptions kRest{.strategy = Strategy::rest_for_one};

// Does not start the first `failures` times after the first start.
ChildSpec failing(
    ChildSpec spec, int failures, const std::function<void()>& fail = [] { throw std::runtime_error("not now"); }) {
  spec.start = [start = spec.start, fail, failures, first = true]() mutable {
    if (!std::exchange(first, false) && failures-- > 0) fail();
    return start();
  };
  return spec;
}

TEST_F(Supervisors, TryAgainWhateverAFailedStartThrows) {
  const std::function<void()> failures[] = {[] { throw 42; }, [] { exit("not now"_atom); },
                                            [] { (void)call("nobody"_atom, 1); }};
  for (const auto& failure : failures) {
    Supervision supervisor(host, {}, {failing(child("a"_atom), 2, failure)});
    EXPECT_EQ(next(), "started a");
    cast("a"_atom, "crash"_atom);
    EXPECT_THAT(next(2), ElementsAre("ended a", "started a"));
    supervisor.stop();
    EXPECT_EQ(next(), "ended a");
  }
}

TEST_F(Supervisors, PassOnWhateverTheFirstStartThrowsAndEndWhatTheyHaveStarted) {
  ChildSpec broken = child("b"_atom);
  broken.start = []() -> Pid { throw 42; };
  EXPECT_ANY_THROW(Supervision(host, {}, {child("a"_atom), broken}));
  EXPECT_THAT(next(2), ElementsAre("started a", "ended a"));
  broken.start = []() -> Pid { exit("not today"_atom); };
  EXPECT_ANY_THROW(Supervision(host, {}, {child("a"_atom), broken}));
  EXPECT_THAT(next(2), ElementsAre("started a", "ended a"));
}

TEST_F(Supervisors, DoNotMindMessagesThatAreNoneOfTheirs) {
  Supervision supervisor(host, {}, {child("a"_atom)});
  EXPECT_EQ(next(), "started a");
  for (const Term& message : {Term{"$try_again"_atom, 42}, Term{"$try_again"_atom, "nobody"_atom}, Term(1),
                              Term{"EXIT"_atom, 1, 2}, Term{"DOWN"_atom}}) {
    send(supervisor.pid(), message);
  }
  cast("a"_atom, "crash"_atom);
  EXPECT_THAT(next(2), ElementsAre("ended a", "started a"));
}

TEST_F(Supervisors, OneForAllEndsTheOthersInReverseAndStartsAllInOrder) {
  Supervision supervisor(host, kAll, {child("a"_atom), child("b"_atom), child("c"_atom)});
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "started c"));
  cast("b"_atom, "crash"_atom);
  EXPECT_THAT(next(6), ElementsAre("ended b", "ended c", "ended a", "started a", "started b", "started c"));
}

TEST_F(Supervisors, RestForOneLeavesThoseBeforeAlone) {
  Supervision supervisor(host, kRest, {child("a"_atom), child("b"_atom), child("c"_atom)});
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "started c"));
  const auto a = whereis("a"_atom);
  cast("b"_atom, "crash"_atom);
  EXPECT_THAT(next(4), ElementsAre("ended b", "ended c", "started b", "started c"));
  EXPECT_EQ(whereis("a"_atom), a);
  cast("c"_atom, "crash"_atom);
  EXPECT_THAT(next(2), ElementsAre("ended c", "started c"));
  cast("a"_atom, "crash"_atom);
  EXPECT_THAT(next(6), ElementsAre("ended a", "ended c", "ended b", "started a", "started b", "started c"));
}

TEST_F(Supervisors, AnEndThatStartsNoRestartTouchesNobody) {
  Supervision supervisor(host, kAll, {child("a"_atom, Restart::transient), child("b"_atom)});
  EXPECT_THAT(next(2), ElementsAre("started a", "started b"));
  cast("a"_atom, "normal"_atom);
  EXPECT_EQ(next(), "ended a");
  supervisor.stop();
  EXPECT_EQ(next(), "ended b");
  expect_no_message();
}

TEST_F(Supervisors, ATransientChildThatHadEndedIsStartedWithTheOthers) {
  Supervision supervisor(host, kAll, {child("a"_atom, Restart::transient), child("b"_atom)});
  EXPECT_THAT(next(2), ElementsAre("started a", "started b"));
  cast("a"_atom, "normal"_atom);
  EXPECT_EQ(next(), "ended a");
  cast("b"_atom, "crash"_atom);
  EXPECT_THAT(next(3), ElementsAre("ended b", "started a", "started b"));
}

TEST_F(Supervisors, ATemporaryChildThatIsEndedForAnotherIsGone) {
  Supervision supervisor(host, kAll, {child("a"_atom), child("b"_atom, Restart::temporary), child("c"_atom)});
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "started c"));
  cast("a"_atom, "crash"_atom);
  EXPECT_THAT(next(5), ElementsAre("ended a", "ended c", "ended b", "started a", "started c"));
  EXPECT_EQ(supervisor.count_children().specs, 2u);
}

TEST_F(Supervisors, AGroupWhoseStartFailsIsTriedAgainAsAWhole) {
  Supervision supervisor(host, kAll, {child("a"_atom), failing(child("b"_atom), 1), child("c"_atom)});
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "started c"));
  cast("c"_atom, "crash"_atom);
  EXPECT_THAT(next(4), ElementsAre("ended c", "ended b", "ended a", "started a"));
  EXPECT_THAT(next(4), ElementsAre("ended a", "started a", "started b", "started c"));
}

TEST_F(Supervisors, TheRestWhoseStartFailsIsTriedAgainFromThereOn) {
  Supervision supervisor(host, kRest, {child("a"_atom), child("b"_atom), failing(child("c"_atom), 1), child("d"_atom)});
  EXPECT_THAT(next(4), ElementsAre("started a", "started b", "started c", "started d"));
  cast("b"_atom, "crash"_atom);
  EXPECT_THAT(next(4), ElementsAre("ended b", "ended d", "ended c", "started b"));
  EXPECT_THAT(next(2), ElementsAre("started c", "started d"));
}

TEST_F(Supervisors, StartsThatFailCountAsRestarts) {
  const SupervisorOptions options{.intensity = 3, .period = kLong};
  Supervision supervisor(host, options, {child("a"_atom), failing(child("b"_atom), 1000)});
  EXPECT_THAT(next(2), ElementsAre("started a", "started b"));
  cast("b"_atom, "crash"_atom);
  EXPECT_THAT(next(2), ElementsAre("ended b", "ended a"));
  EXPECT_EQ(supervisor.wait(), Term("shutdown"_atom));
}

TEST_F(Supervisors, OneThatCannotStartItsChildCanBeStopped) {
  const SupervisorOptions options{.intensity = 1'000'000'000, .period = kLong};
  Supervision supervisor(host, options, {failing(child("a"_atom), 1'000'000'000)});
  EXPECT_EQ(next(), "started a");
  cast("a"_atom, "crash"_atom);
  EXPECT_EQ(next(), "ended a");
  supervisor.stop();
  EXPECT_EQ(supervisor.wait(), Term("shutdown"_atom));
}

TEST_F(Supervisors, ANestedOneIsRestartedWithItsChildrenWhenItGivesUp) {
  const SupervisorOptions impatient{.intensity = 0, .period = kLong};
  Supervision supervisor(
      host, kRest,
      {Supervision::child_spec("inner"_atom, impatient, {child("a"_atom), child("b"_atom)}), child("c"_atom)});
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "started c"));
  cast("a"_atom, "crash"_atom);
  EXPECT_THAT(next(3), ElementsAre("ended a", "ended b", "ended c"));
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "started c"));
  const ChildCount count = supervisor.count_children();
  EXPECT_EQ(count.supervisors, 1u);
  EXPECT_EQ(count.workers, 1u);
  supervisor.stop();
  EXPECT_THAT(next(3), ElementsAre("ended c", "ended b", "ended a"));
}

TEST_F(Supervisors, ANestedOneWithABrokenChildFailsTheStartOfTheOuterOne) {
  const ChildSpec broken{.id = "broken"_atom, .start = []() -> Pid { throw std::runtime_error("no luck"); }};
  EXPECT_THROW(
      Supervision(host, {}, {child("a"_atom), Supervision::child_spec("inner"_atom, {}, {child("b"_atom), broken})}),
      std::runtime_error);
  EXPECT_THAT(next(4), ElementsAre("started a", "started b", "ended b", "ended a"));
  expect_no_message();
}

}  // namespace
}  // namespace heirloom::process
