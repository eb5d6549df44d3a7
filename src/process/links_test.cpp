// SPDX-License-Identifier: Apache-2.0
//
// Links, monitors and exit signals, inside one program and between two.
#include <future>

#include "process/process_exit.hpp"
#include "process/process_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using Links = ProcessTest;
using Monitors = ProcessTest;

Term exit_message(Pid from, const Term& reason) { return Term{"EXIT"_atom, from, reason}; }
Term down_message(const Term& reference, Pid pid, const Term& reason) {
  return Term{"DOWN"_atom, reference, "process"_atom, pid, reason};
}

TEST_F(Links, ADeathEndsTheLinkedWithTheSameReason) {
  const Pid first = spawn_waiting();
  const Pid second = spawn_monitor([first] {
    heirloom::link(first);
    receive();
  });
  EXPECT_TRUE(is_process_alive(first));
  // The second may link before or after the first has died: it ends either way, but then with noproc.
  send(first, stop_with("crash"_atom));
  const Term down = receive();
  EXPECT_EQ(down.element(4), Term(second));
  EXPECT_TRUE(down.element(5) == Term("crash"_atom) || down.element(5) == Term("noproc"_atom)) << down;
}

TEST_F(Links, ANormalEndDoesNotEndTheLinked) {
  const Pid parent = self();
  const Pid keeper = spawn_monitor([parent] {
    const Pid child = spawn_link([] {});
    const Term reference = heirloom::monitor(child);
    const Term down = receive();
    send(parent, Term(down.element(5)));
  });
  const Term reason = receive();
  EXPECT_TRUE(reason == Term("normal"_atom) || reason == Term("noproc"_atom)) << reason;
  EXPECT_EQ(receive().element(4), Term(keeper));
}

TEST_F(Links, AProcessThatTrapsExitsGetsAMessage) {
  const Pid parent = self();
  spawn([parent] {
    EXPECT_FALSE(trap_exit(true));
    EXPECT_TRUE(trap_exit(true));
    const Pid child = spawn_link([] { heirloom::exit("crash"_atom); });
    send(parent, Term{child, receive()});
  });
  const Term answer = receive();
  EXPECT_EQ(answer.element(2), exit_message(answer.element(1).as_pid(), "crash"_atom));
}

TEST_F(Links, TheRootProcessTrapsExitsAlways) {
  trap_exit(false);
  const Pid child = spawn_link([] { heirloom::exit("crash"_atom); });
  EXPECT_EQ(receive(), exit_message(child, "crash"_atom));
  spawn([parent = self()] { heirloom::exit(parent, "kill"_atom); });
  EXPECT_EQ(receive().element(3), Term("killed"_atom));
}

TEST_F(Links, AfterUnlinkNothingArrives) {
  const Pid child = spawn_waiting();
  heirloom::link(child);
  heirloom::unlink(child);
  const Term reference = heirloom::monitor(child);
  send(child, stop_with("crash"_atom));
  EXPECT_EQ(receive(), down_message(reference, child, "crash"_atom));
  expect_no_message();
}

TEST_F(Links, LinkingToTheDeadIsAnExitSignal) {
  const Pid child = spawn_monitor([] {});
  receive();
  heirloom::link(child);
  EXPECT_EQ(receive(), exit_message(child, "noproc"_atom));
}

TEST_F(Links, KillCannotBeTrapped) {
  std::promise<void> trapping;
  const Pid child = spawn_monitor([&] {
    trap_exit(true);
    trapping.set_value();
    receive();
  });
  trapping.get_future().wait();
  heirloom::exit(child, "kill"_atom);
  EXPECT_EQ(receive().element(5), Term("killed"_atom));
}

TEST_F(Links, AnotherExitSignalCanBeTrapped) {
  const Pid parent = self();
  std::promise<void> trapping;
  const Pid child = spawn([&, parent] {
    trap_exit(true);
    trapping.set_value();
    send(parent, receive());
  });
  trapping.get_future().wait();
  heirloom::exit(child, "please"_atom);
  EXPECT_EQ(receive(), exit_message(parent, "please"_atom));
}

TEST_F(Links, WhoSwallowsAnExitSignalEndsAtTheNextSend) {
  const Pid parent = self();
  const Pid child = spawn_monitor([parent] {
    try {
      receive();
    } catch (...) {
    }
    send(parent, "never sent");
  });
  heirloom::exit(child, "kill"_atom);
  EXPECT_EQ(receive().element(5), Term("killed"_atom));
  expect_no_message();
}

TEST_F(Links, ALinkToAnotherProgramWorksInBothDirections) {
  const auto other = node.open_program();
  const Pid far = other->spawn([] { receive(); }, {}).pid;
  std::promise<Pid> near;
  std::promise<Term> reason;
  spawn([&] {
    trap_exit(true);
    heirloom::link(far);
    near.set_value(self());
    reason.set_value(receive());
  });
  const Pid near_pid = near.get_future().get();
  node.settle();
  heirloom::exit(far, "crash"_atom);
  EXPECT_EQ(reason.get_future().get(), exit_message(far, "crash"_atom));

  const Pid far_too = other->spawn([] { receive(); }, {}).pid;
  const Term reference = heirloom::monitor(far_too);
  const Pid linked = spawn([far_too] {
    heirloom::link(far_too);
    wait_to_stop();
  });
  send(linked, stop_with("crash"_atom));
  EXPECT_EQ(receive().element(4), Term(far_too));
  EXPECT_NE(near_pid, linked);
}

TEST_F(Monitors, TheDeadAreReportedAtOnceWithNoproc) {
  const Pid child = spawn_monitor([] {});
  receive();
  const Term reference = heirloom::monitor(child);
  EXPECT_EQ(receive(), down_message(reference, child, "noproc"_atom));
  const Pid stranger{7, 7};
  const Term far = heirloom::monitor(stranger);
  EXPECT_EQ(receive(), down_message(far, stranger, "noproc"_atom));
}

TEST_F(Monitors, ADeathInAnotherProgramArrivesWithItsReason) {
  const auto other = node.open_program();
  const Pid far = other->spawn(wait_to_stop, {}).pid;
  const Term one = heirloom::monitor(far);
  const Term two = heirloom::monitor(far);
  EXPECT_TRUE(is_process_alive(far));
  send(far, stop_with("crash"_atom));
  EXPECT_EQ(receive(), down_message(one, far, "crash"_atom));
  EXPECT_EQ(receive(), down_message(two, far, "crash"_atom));
  EXPECT_FALSE(is_process_alive(far));
  EXPECT_TRUE(host->watched().empty());
}

TEST_F(Monitors, TheDeathOfAWholeProgramReachesItsWatchers) {
  const auto other = node.open_program();
  const Pid far = other->root_process()->pid();
  const Term reference = heirloom::monitor(far);
  node.settle();
  node.kill_program(far.program);
  EXPECT_EQ(receive(), down_message(reference, far, "killed"_atom));
}

TEST_F(Monitors, AfterDemonitorNothingArrivesAndNothingIsWatched) {
  const auto other = node.open_program();
  const Pid far = other->spawn(wait_to_stop, {}).pid;
  const Term reference = heirloom::monitor(far);
  EXPECT_EQ(host->watched(), std::vector<Pid>{far});
  demonitor(reference);
  EXPECT_TRUE(host->watched().empty());
  send(far, stop_with("crash"_atom));
  other->wait_until_ended(far, std::nullopt);
  expect_no_message();
}

TEST_F(Monitors, TheEndOfTheWatcherEndsItsWatch) {
  const auto other = node.open_program();
  const Pid far = other->root_process()->pid();
  const Pid watcher = spawn([far] { (void)heirloom::monitor(far); });
  host->wait_until_ended(watcher, std::nullopt);
  node.settle();
  EXPECT_TRUE(host->watched().empty());
}

}  // namespace
}  // namespace heirloom::process
