// SPDX-License-Identifier: Apache-2.0
//
// Strategy: a table whose heir has named successors, as a table manager does; who gets it at a death, from whom, and in which
// order all concerned are told.
#include "node/manager_fixture.hpp"

namespace heirloom::node {
namespace {

constexpr Pid kStandby{3, 0};

class Successors : public ManagerStateTest {
 protected:
  Successors() {
    for (const Pid pid : {kKeeper, kWorker, kStandby}) connect(pid);
    receive(wire::RegisterName{0, "keeper", kKeeper}, kKeeper);
    receive(wire::RegisterName{0, "worker_1", kWorker}, kWorker);
    make_table("jobs", kWorker, kHeir, true);
    receive(wire::Watch{kWorker}, kKeeper);
    effects.take();
  }
  void register_standby() {
    receive(wire::RegisterName{0, "worker_2", kStandby}, kStandby);
    effects.take();
  }
  [[nodiscard]] std::optional<Pid> owner() const { return state.ledger().table("1")->facts.owner; }

  const wire::HeirSpec kHeir{"keeper", "gift", {"worker_1", "worker_2"}};
};

TEST_F(Successors, GetTheTableOfTheDeadFromItsHeirBeforeAnybodyHearsOfTheDeath) {
  register_standby();
  state.program_died(kWorker.program);
  EXPECT_EQ(effects.take(), (Said{"transfer 1", "died"}));
  EXPECT_EQ(owner(), kStandby);
  EXPECT_EQ(effects.last_transfer.from, kKeeper);
  EXPECT_EQ(effects.last_transfer.former, kWorker);
  EXPECT_EQ(effects.last_transfer.data, "gift");
}

TEST_F(Successors, WhoAreNotThereLeaveTheTableToTheHeir) {
  state.program_died(kWorker.program);
  EXPECT_EQ(owner(), kKeeper);
  EXPECT_EQ(effects.last_transfer.from, kWorker);
}

TEST_F(Successors, WhoDieWithTheOwnerInheritNothing) {
  receive(wire::ProcessStarted{7}, kWorker);
  receive(wire::RegisterName{0, "worker_2", Pid{kWorker.program, 7}}, kWorker);
  state.program_died(kWorker.program);
  EXPECT_EQ(owner(), kKeeper);
}

TEST_F(Successors, OfADeadHeirInheritNothing) {
  register_standby();
  state.program_died(kKeeper.program);
  state.program_died(kWorker.program);
  EXPECT_EQ(owner(), std::nullopt);
}

TEST_F(Successors, AreForgottenWhenTheOwnerChoosesAnotherHeir) {
  register_standby();
  wire::SetHeir call;
  call.id = "1";
  call.caller = kWorker;
  call.heir = wire::HeirSpec{kKeeper, "gift", {}};
  receive(call, kWorker);
  state.program_died(kWorker.program);
  EXPECT_EQ(owner(), kKeeper);
}

TEST_F(Successors, CanBeNamedAnewByTheHeirAndByNobodyElse) {
  register_standby();
  wire::SetHeir call;
  call.id = "1";
  call.heir = wire::HeirSpec{"keeper", "gift", {"somebody_else"}};
  call.caller = kStandby;
  receive(call, kStandby);
  EXPECT_EQ(effects.take(), Said{"refused not_owner"});
  call.caller = kKeeper;
  receive(call, kKeeper);
  EXPECT_EQ(effects.take(), Said{"reply"});
  state.program_died(kWorker.program);
  EXPECT_EQ(owner(), kKeeper);
}

TEST_F(Successors, ExpectTheTableAndHearOfItsDeletion) {
  register_standby();
  ASSERT_EQ(effects.last_tables.size(), 1U);
  EXPECT_EQ(effects.last_tables.front().id, "1");
  wire::DropTable drop;
  drop.id = "1";
  drop.caller = kWorker;
  receive(drop, kWorker);
  // The worker registered its name before there was a table.
  EXPECT_EQ(effects.take(), (Said{"deleted 1 to 3", "reply"}));
}

TEST_F(Successors, ThatSomebodyElseRegisteredExpectNothing) {
  receive(wire::RegisterName{0, "worker_2", kStandby}, kKeeper);
  EXPECT_TRUE(effects.last_tables.empty());
}

TEST_F(Successors, HearOfADeletionThatHappenedWhileTheyWereAway) {
  register_standby();
  state.disconnected(kStandby.program);
  wire::Hello hello;
  hello.program = kStandby.program;
  hello.expected = {"1", "77"};
  state.connected(hello);
  EXPECT_EQ(effects.take(), Said{"deleted 77 to 3"});
  wire::DropTable drop;
  drop.id = "1";
  drop.caller = kWorker;
  receive(drop, kWorker);
  EXPECT_EQ(effects.take(), (Said{"deleted 1 to 3", "reply"}));
}

TEST_F(Successors, AreKnownToTheNextManager) {
  register_standby();
  Ledger replayed;
  for (const Record& record : state.ledger().snapshot()) {
    replayed.apply(*wire::decode<Record>(wire::encode(record)));
  }
  EXPECT_EQ(replayed.table("1")->facts.heir, kHeir);
}

}  // namespace
}  // namespace heirloom::node
