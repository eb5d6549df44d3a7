// SPDX-License-Identifier: Apache-2.0
//
// Children that come and go while the supervisor runs, and how they are ended.
#include <thread>

#include <gmock/gmock.h>

#include "process/receiving.hpp"
#include "process/supervision_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using testing::ElementsAre;

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode{};
}

// A process that ends by being killed alone, and says when it is one.
ChildSpec stubborn(Atom id, std::chrono::milliseconds shutdown) {
  const auto start = [watcher = self()] {
    const Pid pid = spawn_link([watcher] {
      trap_exit(true);
      send(watcher, Atom("ready"));
      for (;;) receive();
    });
    return pid;
  };
  return {.id = id, .start = start, .shutdown = shutdown};
}

TEST_F(Supervisors, AChildThatIsAddedIsTheLastAndEndsFirst) {
  Supervision supervisor(host, {}, {child("a"_atom)});
  const Pid b = supervisor.start_child(child("b"_atom));
  EXPECT_EQ(whereis("b"_atom), b);
  EXPECT_THAT(supervisor.which_children(),
              ElementsAre(testing::Pair("a"_atom, whereis("a"_atom)), testing::Pair("b"_atom, std::optional(b))));
  supervisor.stop();
  EXPECT_THAT(next(4), ElementsAre("started a", "started b", "ended b", "ended a"));
}

TEST_F(Supervisors, AnIdIsTakenWhetherItsChildRunsOrNot) {
  Supervision supervisor(host, {}, {child("a"_atom)});
  EXPECT_EQ(code_of([&] { supervisor.start_child(child("a"_atom)); }), ErrorCode::already_exists);
  supervisor.terminate_child("a"_atom);
  EXPECT_EQ(code_of([&] { supervisor.start_child(child("a"_atom)); }), ErrorCode::already_exists);
  EXPECT_EQ(code_of([&] { Supervision(host, {}, {child("b"_atom), child("b"_atom)}); }), ErrorCode::badarg);
  EXPECT_THAT(next(2), ElementsAre("started a", "ended a"));
  expect_no_message();
}

TEST_F(Supervisors, AChildWhoseStartFailsIsNotAdded) {
  Supervision supervisor(host, {}, {});
  const ChildSpec broken{.id = "broken"_atom, .start = []() -> Pid { throw std::runtime_error("no luck"); }};
  EXPECT_THROW(supervisor.start_child(broken), std::runtime_error);
  EXPECT_EQ(supervisor.count_children().specs, 0u);
  EXPECT_EQ(code_of([&] { supervisor.delete_child("broken"_atom); }), ErrorCode::not_found);
}

TEST_F(Supervisors, AChildThatWasEndedStaysEndedUntilItIsStartedAgain) {
  Supervision supervisor(host, {}, {child("a"_atom), child("b"_atom)});
  supervisor.terminate_child("a"_atom);
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "ended a"));
  EXPECT_THAT(supervisor.which_children(),
              ElementsAre(testing::Pair("a"_atom, std::nullopt), testing::Pair("b"_atom, whereis("b"_atom))));
  EXPECT_EQ(supervisor.count_children().active, 1u);
  supervisor.terminate_child("a"_atom);  // once more is no error, as in OTP
  const Pid again = supervisor.restart_child("a"_atom);
  EXPECT_EQ(whereis("a"_atom), again);
  EXPECT_EQ(code_of([&] { supervisor.restart_child("a"_atom); }), ErrorCode::already_exists);
  EXPECT_EQ(code_of([&] { supervisor.restart_child("c"_atom); }), ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { supervisor.terminate_child("c"_atom); }), ErrorCode::not_found);
}

TEST_F(Supervisors, OnlyAChildThatHasEndedIsDeleted) {
  Supervision supervisor(host, {}, {child("a"_atom)});
  EXPECT_EQ(code_of([&] { supervisor.delete_child("a"_atom); }), ErrorCode::already_exists);
  supervisor.terminate_child("a"_atom);
  supervisor.delete_child("a"_atom);
  EXPECT_EQ(supervisor.count_children().specs, 0u);
  supervisor.start_child(child("a"_atom));
  EXPECT_THAT(next(3), ElementsAre("started a", "ended a", "started a"));
}

TEST_F(Supervisors, ATemporaryChildThatEndsLeavesTheList) {
  Supervision supervisor(host, {}, {child("a"_atom, Restart::temporary), child("b"_atom, Restart::temporary)});
  supervisor.terminate_child("a"_atom);
  EXPECT_THAT(next(3), ElementsAre("started a", "started b", "ended a"));
  const Pid b = *whereis("b"_atom);
  cast("b"_atom, "crash"_atom);
  host->wait_until_ended(b, std::nullopt);
  // Its supervisor hears of it in its own time.
  for (int looks = 0; looks < 10'000 && supervisor.count_children().specs != 0; ++looks)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(supervisor.count_children().specs, 0u);
  EXPECT_EQ(code_of([&] { supervisor.restart_child("b"_atom); }), ErrorCode::not_found);
}

TEST_F(Supervisors, AChildToBeKilledIsNotAsked) {
  Supervision supervisor(host, {}, {});
  const Pid pid = supervisor.start_child(stubborn("a"_atom, kBrutalKill));
  EXPECT_EQ(receive(), Term("ready"_atom));
  (void)heirloom::monitor(pid);
  supervisor.terminate_child("a"_atom);
  EXPECT_EQ(receive().element(5), Term("killed"_atom));
}

TEST_F(Supervisors, AChildThatMayTakeItsTimeIsWaitedFor) {
  Supervision supervisor(host, {}, {});
  const Pid me = self();
  const ChildSpec slow{.id = "slow"_atom,
                       .start =
                           [me] {
                             return spawn_link([me] {
                               trap_exit(true);
                               send(me, Term("ready"_atom));
                               while (!is_exit(receive())) continue;
                               send(me, Term{"asked"_atom, self()});
                               receive_if([](const Term& message) { return message == Term("go"_atom); }, kLong);
                             });
                           },
                       .shutdown = kInfinity};
  const Pid pid = supervisor.start_child(slow);
  EXPECT_EQ(receive(), Term("ready"_atom));
  (void)heirloom::monitor(pid);
  std::thread stopper([&] { supervisor.terminate_child("slow"_atom); });
  EXPECT_EQ(receive(), (Term{"asked"_atom, pid}));
  send(pid, "go"_atom);
  stopper.join();
  EXPECT_EQ(receive().element(5), Term("normal"_atom));
}

TEST_F(Supervisors, OneThatHasEndedAnswersNobody) {
  Supervision supervisor(host, {}, {child("a"_atom)});
  supervisor.stop();
  EXPECT_EQ(code_of([&] { supervisor.start_child(child("b"_atom)); }), ErrorCode::noproc);
  EXPECT_EQ(code_of([&] { supervisor.terminate_child("a"_atom); }), ErrorCode::noproc);
}

TEST_F(Supervisors, AChildThatDiesWhileTheOthersAreEndedIsRestartedOnce) {
  Supervision supervisor(host, {.strategy = Strategy::one_for_all}, {child("a"_atom), child("b"_atom)});
  EXPECT_THAT(next(2), ElementsAre("started a", "started b"));
  cast("a"_atom, "crash"_atom);
  cast("b"_atom, "crash"_atom);
  for (int ended = 0; ended < 2; ++ended) EXPECT_THAT(next(), testing::StartsWith("ended"));
  EXPECT_THAT(next(2), ElementsAre("started a", "started b"));
  supervisor.stop();
  EXPECT_THAT(next(2), ElementsAre("ended b", "ended a"));
  expect_no_message();
}

}  // namespace
}  // namespace heirloom::process
