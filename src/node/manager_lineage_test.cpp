// SPDX-License-Identifier: Apache-2.0
//
// Strategy: owners come and go in every way, at times that the test sets; what the lineage tells of each must be exact, also after
// it went through a compacted journal.
#include "node/manager_fixture.hpp"

namespace heirloom::node {
namespace {

constexpr Pid kServer{2, 5};

class Lineage : public ManagerStateTest {
 protected:
  Lineage() {
    connect(kKeeper);
    wire::Hello hello;
    hello.program = kWorker.program;
    hello.os_process = 812;
    state.connected(hello);
    receive(wire::ProcessStarted{kServer.index}, kWorker);
    receive(wire::RegisterName{0, "keeper", kKeeper}, kKeeper);
    effects.time = 1000;
    make_table("jobs", kKeeper, {.process = "keeper", .data = "gift"}, true);
  }
  void give(Pid to) {
    wire::GiveAway call;
    call.id = "1";
    call.giver = kKeeper;
    call.receiver = to;
    receive(call, kKeeper);
  }
  [[nodiscard]] const std::vector<wire::Tenure>& lineage() const { return state.ledger().table("1")->lineage; }
  // The last one that is over.
  [[nodiscard]] const wire::Tenure& last() const { return lineage().at(lineage().size() - 2); }
};

TEST_F(Lineage, DoesNotCountCrashesThatAClockWhichWasSetBackPutsIntoTheFuture) {
  effects.time = 2000;
  give(kWorker);
  effects.time = 3000;
  state.program_died(kWorker.program);
  EXPECT_EQ(state.ledger().crashes("1", 3000, 500), 1U);
  EXPECT_EQ(state.ledger().crashes("1", 3501, 500), 0U);
  EXPECT_EQ(state.ledger().crashes("1", 2999, 500), 0U);
}

TEST_F(Lineage, TellsWhoHadTheTableFromWhenToWhen) {
  effects.time = 2000;
  give(kWorker);
  receive(wire::RegisterName{0, "worker", kWorker}, kWorker);
  effects.time = 3000;
  state.program_died(kWorker.program);
  ASSERT_EQ(lineage().size(), 3U);
  EXPECT_EQ(lineage()[0].owner, kKeeper);
  EXPECT_EQ(lineage()[0].name, "keeper");
  EXPECT_EQ(lineage()[0].since, 1000);
  EXPECT_EQ(lineage()[0].until, 2000);
  EXPECT_EQ(lineage()[0].end, TenureEnd::gave_away);
  EXPECT_EQ(lineage()[1].owner, kWorker);
  EXPECT_EQ(lineage()[1].name, "worker") << "taken after it got the table";
  EXPECT_EQ(lineage()[1].os_process, 812);
  EXPECT_EQ(lineage()[1].until, 3000);
  EXPECT_EQ(lineage()[1].end, TenureEnd::killed);
  EXPECT_EQ(lineage()[2].owner, kKeeper);
  EXPECT_EQ(lineage()[2].end, TenureEnd::owns);
  EXPECT_EQ(effects.last_transfer.cause, TenureEnd::killed);
}

TEST_F(Lineage, TellsTheReasonOfAProcess) {
  give(kServer);
  receive(wire::ProcessExited{0, kServer.index, "meant", false}, kWorker);
  EXPECT_EQ(last().end, TenureEnd::exited);
  EXPECT_EQ(last().reason, "meant");
  receive(wire::ProcessStarted{kServer.index + 1}, kWorker);
  give({kServer.program, kServer.index + 1});
  receive(wire::ProcessExited{0, kServer.index + 1, "an exception", true}, kWorker);
  EXPECT_EQ(last().end, TenureEnd::crashed);
  EXPECT_EQ(last().reason, "an exception");
  EXPECT_EQ(effects.last_transfer.cause, TenureEnd::crashed);
}

TEST_F(Lineage, TellsThatAProgramLeft) {
  give(kWorker);
  receive(wire::Bye{}, kWorker);
  EXPECT_EQ(last().end, TenureEnd::closed);
}

TEST_F(Lineage, TellsThatNobodySawTheEnd) {
  give(kServer);
  state.disconnected(kServer.program);
  connect(kWorker);  // comes back without the process
  EXPECT_EQ(last().owner, kServer);
  EXPECT_EQ(last().end, TenureEnd::unknown);
}

TEST_F(Lineage, TellsTheExitStatusWhenItBecomesKnown) {
  give(kWorker);
  state.program_died(kWorker.program);
  EXPECT_EQ(last().status, std::nullopt);
  state.explain_end(kWorker.program, 9);
  EXPECT_EQ(last().status, 9);
  state.explain_end(kWorker.program, 11);
  EXPECT_EQ(last().status, 9) << "it ends once";
}

TEST_F(Lineage, TellsTheExitStatusThatAParentReports) {
  give(kWorker);
  receive(wire::ReportExit{812, 256}, kKeeper);  // faster than the news of the death
  state.program_died(kWorker.program);
  EXPECT_EQ(last().status, 256);
  wire::Hello hello;
  hello.program = 3;
  hello.os_process = 813;
  state.connected(hello);
  give({3, 0});
  state.program_died(3);
  receive(wire::ReportExit{813, 15}, kKeeper);
  EXPECT_EQ(last().status, 15);
  receive(wire::ReportExit{999, 1}, kKeeper);  // of no program of the node
}

TEST_F(Lineage, TellsThatAWatchdogEndedTheProgram) {
  give(kWorker);
  state.program_hangs(kWorker.program);
  state.disconnected(kWorker.program);
  state.program_died(kWorker.program);
  EXPECT_EQ(last().end, TenureEnd::hung);
}

TEST_F(Lineage, KeepsTheLastOnesAndReasonsThatAreNotTooLong) {
  for (std::size_t life = 0; life < 2 * kLineageMax; ++life) {
    const Pid server{kWorker.program, static_cast<std::uint32_t>(100 + life)};
    receive(wire::ProcessStarted{server.index}, kWorker);
    give(server);
    receive(wire::ProcessExited{0, server.index, std::string(100000, 'x'), true}, kWorker);
  }
  EXPECT_EQ(lineage().size(), kLineageMax);
  EXPECT_EQ(lineage().back().owner, kKeeper);
  EXPECT_EQ(last().reason, "");
}

TEST_F(Lineage, SurvivesACompactedJournal) {
  effects.time = 5000;
  give(kWorker);
  state.program_died(kWorker.program);
  state.explain_end(kWorker.program, 9);
  Ledger copy;
  for (const Record& record : state.ledger().snapshot()) copy.apply(record);
  EXPECT_EQ(copy.table("1")->lineage, lineage());
  EXPECT_FALSE(copy.transfers().empty());
  EXPECT_EQ(copy.transfers().begin()->second.cause, TenureEnd::killed);
}

}  // namespace
}  // namespace heirloom::node
