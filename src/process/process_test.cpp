// SPDX-License-Identifier: Apache-2.0
//
// Spawning, messages and ends of processes inside one program, as a user of heirloom/process.hpp sees them.
#include "heirloom/process.hpp"

#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include "process/process_exit.hpp"
#include "process/process_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using Processes = ProcessTest;

Term reason_of(const Term& down) { return Term(down.element(5)); }

TEST_F(Processes, ASpawnedProcessIsSomebodyElse) {
  const Pid parent = self();
  const Pid child = spawn([parent] { send(parent, self()); });
  EXPECT_EQ(receive(), Term(child));
  EXPECT_NE(child, parent);
  EXPECT_EQ(parent.index, 0U);
}

TEST_F(Processes, APlainThreadActsAsTheRootProcess) {
  std::thread([this] { EXPECT_EQ(self(), host->root_process()->pid()); }).join();
}

TEST_F(Processes, WithoutANodeNobodyCanAct) {
  host->close();
  EXPECT_THROW((void)self(), Error);
}

TEST_F(Processes, MessagesOfOneSenderArriveInOrder) {
  const Pid parent = self();
  spawn([parent] {
    for (int number = 0; number < 100; ++number) send(parent, number);
  });
  for (int number = 0; number < 100; ++number) EXPECT_EQ(receive(), Term(number));
}

TEST_F(Processes, AReceiveWithATimeoutGivesUp) {
  EXPECT_FALSE(receive(std::chrono::milliseconds(1)));
  EXPECT_FALSE(receive_transfer(std::chrono::milliseconds(1)));
}

TEST_F(Processes, ASelectiveReceiveSkipsWhatItDoesNotWant) {
  send(self(), 1);
  send(self(), 2);
  const auto is_two = [](const Term& message) { return message == Term(2); };
  EXPECT_EQ(receive_if(is_two, std::chrono::milliseconds(0)), Term(2));
  EXPECT_EQ(receive(), Term(1));
}

TEST_F(Processes, TransfersStayForReceiveTransfer) {
  host->deliver_transfer(0, {Table(nullptr), Pid{2, 0}, "gift"_atom});
  send(self(), "message");
  EXPECT_EQ(receive(), Term("message"));
  const EtsTransfer transfer = receive_transfer();
  EXPECT_EQ(transfer.from, (Pid{2, 0}));
  EXPECT_EQ(transfer.gift_data, Term("gift"_atom));
}

TEST_F(Processes, ReturningFromTheBodyIsANormalExit) {
  const Pid child = spawn_monitor([] {});
  const Term down = receive();
  EXPECT_EQ(down.element(1), Term("DOWN"_atom));
  EXPECT_EQ(down.element(3), Term("process"_atom));
  EXPECT_EQ(down.element(4), Term(child));
  EXPECT_EQ(reason_of(down), Term("normal"_atom));
}

TEST_F(Processes, AnExceptionIsTheReasonOfItsProcess) {
  spawn_monitor([] { throw std::runtime_error("no such luck"); });
  EXPECT_EQ(reason_of(receive()), (Term{"error"_atom, "no such luck"}));
  spawn_monitor([] { throw 42; });
  EXPECT_EQ(receive().element(5).element(1), Term("error"_atom));
}

TEST_F(Processes, ExitEndsTheCallerWithItsReasonAndUnwindsItsStack) {
  struct Witness {
    Pid whom;
    ~Witness() { send(whom, "unwound"_atom); }
  };
  spawn_monitor([parent = self()] {
    const Witness witness{parent};
    heirloom::exit(Term{"because"_atom, 1});
  });
  EXPECT_EQ(receive(), Term("unwound"_atom));
  EXPECT_EQ(reason_of(receive()), (Term{"because"_atom, 1}));
}

TEST_F(Processes, TheRootProcessCannotExit) { EXPECT_THROW(heirloom::exit("normal"_atom), Error); }

TEST_F(Processes, TheUplinkHasMovedTheTablesBeforeAnybodyHearsOfADeath) {
  const Pid parent = self();
  node.when_exited([&](Pid dead, const Term& reason) {
    if (dead != parent) host->deliver_transfer(parent.index, {Table(nullptr), dead, reason});
  });
  // Of each kind of end the transfer is there when 'DOWN' is.
  for (int round = 0; round < 20; ++round) {
    const Pid child = spawn_monitor([] { throw std::runtime_error("died"); });
    EXPECT_EQ(receive().element(4), Term(child));
    const auto transfer = receive_transfer(std::chrono::milliseconds(0));
    ASSERT_TRUE(transfer);
    EXPECT_EQ(transfer->from, child);
  }
}

TEST_F(Processes, AProcessIsAliveUntilItsTablesHaveMoved) {
  const Pid child = spawn_waiting();
  bool alive_while_moving = false;
  node.when_exited([&](Pid dead, const Term&) {
    if (dead == child) alive_while_moving = is_process_alive(dead);
  });
  EXPECT_TRUE(is_process_alive(child));
  (void)heirloom::monitor(child);
  send(child, stop_with("normal"_atom));
  receive();
  EXPECT_TRUE(alive_while_moving);
  EXPECT_FALSE(is_process_alive(child));
}

TEST_F(Processes, SendingToTheDeadIsNoError) {
  const Pid child = spawn_monitor([] {});
  receive();
  send(child, "hello");
}

TEST_F(Processes, ClosingTheNodeEndsItsProcesses) {
  std::promise<Term> reason;
  spawn([&] {
    try {
      receive();
    } catch (const ProcessExit& exit) {
      reason.set_value(exit.reason);
      throw;
    }
  });
  EXPECT_TRUE(host->close());
  EXPECT_EQ(reason.get_future().get(), Term("killed"_atom));
}

TEST_F(Processes, AProcessThatDoesNotReceiveOutlivesItsNodeUntilItReturns) {
  std::promise<void> go_on;
  std::promise<ErrorCode> code;
  spawn([&, go_on = go_on.get_future().share()] {
    go_on.wait();
    const Result<std::optional<Pid>> found = acting().host->whereis("anybody"_atom);
    code.set_value(found.failure().code);
  });
  EXPECT_FALSE(host->close(std::chrono::milliseconds(1)));
  go_on.set_value();
  EXPECT_EQ(code.get_future().get(), ErrorCode::no_manager);
  EXPECT_TRUE(host->close(std::chrono::hours(1)));
}

}  // namespace
}  // namespace heirloom::process
