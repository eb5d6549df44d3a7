// SPDX-License-Identifier: Apache-2.0
#include "process/supervision.hpp"

#include <stdexcept>

#include <gmock/gmock.h>

#include "process/supervision_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using testing::ElementsAre;

TEST_F(Supervisors, ChildrenStartInOrderAndEndInReverse) {
  {
    Supervision supervisor(host, {}, {child("a"_atom), child("b"_atom)});
    EXPECT_EQ(next(), "started a");
    EXPECT_EQ(next(), "started b");
    EXPECT_THAT(supervisor.which_children(),
                ElementsAre(testing::Pair("a"_atom, whereis("a"_atom)), testing::Pair("b"_atom, whereis("b"_atom))));
  }
  EXPECT_EQ(next(), "ended b");
  EXPECT_EQ(next(), "ended a");
  expect_no_message();
}

TEST_F(Supervisors, APermanentChildIsReplacedAndTheOthersGoOn) {
  Supervision supervisor(host, {}, {child("a"_atom), child("b"_atom)});
  EXPECT_EQ(next(), "started a");
  EXPECT_EQ(next(), "started b");
  const auto a = whereis("a"_atom);
  const auto b = whereis("b"_atom);
  cast("a"_atom, "crash"_atom);
  EXPECT_EQ(next(), "ended a");
  EXPECT_EQ(next(), "started a");
  EXPECT_NE(whereis("a"_atom), a);
  EXPECT_EQ(whereis("b"_atom), b);
  cast("a"_atom, "normal"_atom);
  EXPECT_EQ(next(), "ended a");
  EXPECT_EQ(next(), "started a");
}

TEST_F(Supervisors, ATransientChildIsReplacedAfterACrashOnly) {
  Supervision supervisor(host, {}, {child("a"_atom, Restart::transient)});
  EXPECT_EQ(next(), "started a");
  cast("a"_atom, "crash"_atom);
  EXPECT_EQ(next(), "ended a");
  EXPECT_EQ(next(), "started a");
  const Pid last = *whereis("a"_atom);
  cast("a"_atom, "normal"_atom);
  EXPECT_EQ(next(), "ended a");
  host->wait_until_ended(last, std::nullopt);
  supervisor.stop();
  expect_no_message();
}

TEST_F(Supervisors, ATemporaryChildIsNeverReplaced) {
  Supervision supervisor(host, {}, {child("a"_atom, Restart::temporary)});
  EXPECT_EQ(next(), "started a");
  cast("a"_atom, "crash"_atom);
  EXPECT_EQ(next(), "ended a");
  supervisor.stop();
  expect_no_message();
}

TEST_F(Supervisors, TooManyRestartsEndTheSupervisorAndAllChildren) {
  Supervision supervisor(host, {.intensity = 2, .period = kLong}, {child("a"_atom), child("b"_atom)});
  EXPECT_EQ(next(), "started a");
  EXPECT_EQ(next(), "started b");
  for (int restart = 0; restart < 2; ++restart) {
    cast("a"_atom, "crash"_atom);
    EXPECT_EQ(next(), "ended a");
    EXPECT_EQ(next(), "started a");
  }
  cast("a"_atom, "crash"_atom);
  EXPECT_EQ(next(), "ended a");
  EXPECT_EQ(next(), "ended b");
  EXPECT_EQ(supervisor.wait(), Term("shutdown"_atom));
  expect_no_message();
}

TEST_F(Supervisors, AStartThatFailsEndsThoseBeforeItAndThrows) {
  const ChildSpec broken{.id = "broken"_atom, .start = []() -> Pid { throw std::runtime_error("no luck"); }};
  EXPECT_THROW(Supervision(host, {}, {child("a"_atom), broken, child("c"_atom)}), std::runtime_error);
  EXPECT_EQ(next(), "started a");
  EXPECT_EQ(next(), "ended a");
  expect_no_message();
}

TEST_F(Supervisors, ARestartThatFailsIsTriedAgain) {
  int starts = 0;
  ChildSpec fragile = child("a"_atom);
  fragile.start = [&starts, start = fragile.start] {
    if (++starts == 2) throw std::runtime_error("not now");
    return start();
  };
  Supervision supervisor(host, {}, {fragile});
  EXPECT_EQ(next(), "started a");
  cast("a"_atom, "crash"_atom);
  EXPECT_EQ(next(), "ended a");
  EXPECT_EQ(next(), "started a");
  supervisor.stop();
  EXPECT_EQ(starts, 3);
}

TEST_F(Supervisors, AChildThatDoesNotEndInTimeIsKilled) {
  const ChildSpec deaf{.id = "deaf"_atom,
                       .start =
                           [] {
                             return spawn_link([] {
                               trap_exit(true);
                               for (;;) receive();
                             });
                           },
                       .shutdown = std::chrono::milliseconds(1)};
  Supervision supervisor(host, {}, {deaf});
  const Pid pid = *supervisor.which_children()[0].second;
  (void)heirloom::monitor(pid);
  supervisor.stop();
  const Term reason(receive().element(5));
  // It may not have begun to trap exits.
  EXPECT_TRUE(reason == Term("killed"_atom) || reason == Term("shutdown"_atom)) << reason;
}

TEST_F(Supervisors, ChildrenOfAKilledSupervisorEndWithIt) {
  Supervision supervisor(host, {}, {child("a"_atom)});
  EXPECT_EQ(next(), "started a");
  heirloom::exit(supervisor.pid(), "kill"_atom);
  EXPECT_EQ(supervisor.wait(), Term("killed"_atom));
  EXPECT_EQ(receive(), (Term{"ended"_atom, "a"_atom, "killed"_atom}));
}

}  // namespace
}  // namespace heirloom::process
