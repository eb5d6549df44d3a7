// SPDX-License-Identifier: Apache-2.0
//
// What the manager makes of what programs tell of their repairs. Strategy: programs come, die and are reported in every order, at
// times that the test sets; the lineage must tell of each death once, with all that is known of it by then.
#include <gmock/gmock.h>

#include "node/manager_fixture.hpp"

namespace heirloom::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Pid kGuest{3, 0};  // writes to the table, and never owns it

class Repairs : public ManagerStateTest {
 protected:
  Repairs() {
    connect(kKeeper);
    connect_process(kWorker, 812);
    connect_process(kGuest, 813);
    receive(wire::RegisterName{0, "keeper", kKeeper}, kKeeper);
    receive(wire::RegisterName{0, "worker", kWorker}, kWorker);
    effects.time = 1000;
    make_table("jobs", kKeeper, {.process = "keeper", .data = "gift"}, true);
    effects.time = 2000;
    wire::GiveAway call;
    call.id = "1";
    call.giver = kKeeper;
    call.receiver = kWorker;
    receive(call, kKeeper);
  }
  void connect_process(Pid root, std::int32_t process) {
    wire::Hello hello;
    hello.program = root.program;
    hello.os_process = process;
    state.connected(hello);
  }
  static wire::Repair insert_by(Pid dead, std::uint32_t thread = 7) {
    return {.at = 3500,
            .took = 14000,
            .program = dead.program,
            .thread = thread,
            .name = {},
            .status = {},
            .operation = Operation::insert,
            .key = "alice",
            .keys = 1,
            .outcome = RepairOutcome::finished,
            .locks = 1};
  }
  static wire::Repair lock_of(Pid dead, std::uint32_t thread = 7) {
    return {.at = 3400,
            .took = 1000,
            .program = dead.program,
            .thread = thread,
            .name = {},
            .status = {},
            .key = {},
            .locks = 1};
  }
  void report(const wire::Repair& repair) { receive(wire::Repaired{"1", {repair}}, kKeeper); }
  void die(Pid root, std::int64_t at) {
    effects.time = at;
    state.program_died(root.program);
    effects.time = 4000;
  }
  [[nodiscard]] const std::vector<wire::Tenure>& lineage() const { return state.ledger().table("1")->lineage; }
  [[nodiscard]] const wire::Tenure& workers() const { return lineage().at(1); }
};

TEST_F(Repairs, OfTheFormerOwnerStandWithItsTenure) {
  die(kWorker, 3000);
  report(insert_by(kWorker));
  ASSERT_EQ(workers().repairs.size(), 1U);
  const wire::Repair& repair = workers().repairs[0];
  EXPECT_EQ(repair.name, "worker");
  EXPECT_EQ(repair.os_process, 812);
  EXPECT_EQ(repair.end, TenureEnd::killed);
  EXPECT_EQ(repair.status, std::nullopt);
  EXPECT_EQ(repair.key, "alice");
  EXPECT_EQ(workers().repairs_finished, 1U);
  EXPECT_EQ(workers().repairs_undone, 0U);
  EXPECT_THAT(effects.told_repairs,
              ElementsAre("table 'jobs': worker (program 2, process 812), killed, left insert of key alice under way: "
                          "finished, in 14 us"));
}

TEST_F(Repairs, OfAProgramThatNeverOwnedTheTableStandWithTheOwnerOfThen) {
  die(kGuest, 2500);
  die(kWorker, 3000);
  report(insert_by(kGuest));  // found by the next owner
  ASSERT_EQ(workers().repairs.size(), 1U);
  EXPECT_EQ(workers().repairs[0].os_process, 813);
  EXPECT_EQ(workers().repairs[0].end, TenureEnd::killed);
  EXPECT_EQ(workers().repairs_finished, 0U) << "it is not what the owner left";
}

TEST_F(Repairs, AreExplainedWhenThatBecomesKnown) {
  report(insert_by(kGuest));  // faster than the news of the death
  EXPECT_EQ(workers().repairs[0].end, TenureEnd::unknown);
  EXPECT_EQ(workers().repairs[0].os_process, 813);
  die(kGuest, 3000);
  EXPECT_EQ(workers().repairs[0].end, TenureEnd::killed);
  state.explain_end(kGuest.program, 9);
  EXPECT_EQ(workers().repairs[0].status, 9);
  state.explain_end(kGuest.program, 11);
  EXPECT_EQ(workers().repairs[0].status, 9) << "it ends once";
}

TEST_F(Repairs, FoundAfterTheExplanationHaveItToo) {
  die(kGuest, 3000);
  receive(wire::ReportExit{813, 11}, kKeeper);
  report(insert_by(kGuest));
  EXPECT_EQ(workers().repairs[0].status, 11);
  EXPECT_THAT(
      effects.told_repairs,
      ElementsAre("table 'jobs': program 3, process 813, killed, signal 11, left insert of key alice under way: "
                  "finished, in 14 us"));
}

TEST_F(Repairs, OfAProgramThatAWatchdogEndedSaySo) {
  state.program_hangs(kGuest.program);
  die(kGuest, 3000);
  report(insert_by(kGuest));
  EXPECT_EQ(workers().repairs[0].end, TenureEnd::hung);
}

TEST_F(Repairs, OfOneDeathAreOneRecordHoweverManyLocksItHeld) {
  die(kWorker, 3000);
  report(lock_of(kWorker));
  EXPECT_EQ(workers().repairs_finished, 0U);
  receive(wire::Repaired{"1", {insert_by(kWorker), lock_of(kWorker)}}, kKeeper);
  ASSERT_EQ(workers().repairs.size(), 1U);
  EXPECT_EQ(workers().repairs[0].locks, 3U);
  EXPECT_EQ(workers().repairs[0].took, 16000U);
  EXPECT_EQ(workers().repairs[0].operation, Operation::insert);
  EXPECT_EQ(workers().repairs[0].outcome, RepairOutcome::finished);
  EXPECT_EQ(workers().repairs_finished, 1U);
  EXPECT_THAT(effects.told_repairs,
              ElementsAre("table 'jobs': worker (program 2, process 812), killed, held a lock; nothing was under way: "
                          "settled in 1 us",
                          "table 'jobs': worker (program 2, process 812), killed, left insert of key alice under way: "
                          "finished, in 15 us"));
  report(insert_by(kWorker, 8));
  EXPECT_EQ(workers().repairs.size(), 2U) << "another thread of the same program";
}

TEST_F(Repairs, AreKeptUpToTheLastOnes) {
  for (std::uint32_t thread = 0; thread < 3 * kRepairsMax; ++thread) report(insert_by(kGuest, thread));
  ASSERT_EQ(workers().repairs.size(), kRepairsMax);
  EXPECT_EQ(workers().repairs.front().thread, 2 * kRepairsMax);
  EXPECT_EQ(workers().repairs.back().thread, 3 * kRepairsMax - 1);
}

TEST_F(Repairs, SurviveACompactedJournalWithWhatIsKnownOfTheDead) {
  die(kGuest, 3000);
  state.explain_end(kGuest.program, 9);
  report(insert_by(kWorker));
  Ledger copy;
  for (const Record& record : state.ledger().snapshot()) copy.apply(record);
  EXPECT_EQ(copy.table("1")->lineage, lineage());
  // The next manager is told of a death that the former one saw.
  copy.apply(RepairsFound{"1", {insert_by(kGuest)}});
  const wire::Repair* const repair = copy.repair("1", kGuest.program, 7);
  ASSERT_NE(repair, nullptr);
  EXPECT_EQ(repair->os_process, 813);
  EXPECT_EQ(repair->end, TenureEnd::killed);
  EXPECT_EQ(repair->status, 9);
}

TEST_F(Repairs, OfATableThatIsGoneAreNotKept) {
  receive(wire::Repaired{"2", {insert_by(kGuest)}}, kKeeper);
  EXPECT_THAT(effects.told_repairs, IsEmpty());
}

TEST_F(Repairs, TellNothingOfTheDeadThatTheManagerDoesNotKnowItself) {
  wire::Repair lie = insert_by({99, 0});
  lie.name = "worker";
  lie.end = TenureEnd::hung;
  lie.status = 11;
  lie.at = 999999;
  report(lie);
  ASSERT_EQ(workers().repairs.size(), 1U);
  EXPECT_EQ(workers().repairs[0].name, "");
  EXPECT_EQ(workers().repairs[0].end, TenureEnd::unknown);
  EXPECT_EQ(workers().repairs[0].status, std::nullopt);
  EXPECT_EQ(workers().repairs[0].at, effects.time) << "not in the future";
}

TEST_F(Repairs, ThatWouldSpoilALogOrFillTheManagerBreakTheProtocol) {
  const auto refused = [&](const std::vector<wire::Repair>& repairs) {
    connect(kGuest);
    return !state.received(kGuest.program, wire::Repaired{"1", repairs});
  };
  for (const std::string& key :
       {std::string("line\nline"), std::string("\x1b[2J"), std::string("\x7f"), std::string("\xc2\x85"),
        std::string("\xff"), std::string("a\0b", 3), std::string(wire::kRepairKeyBytesMax + 1, 'x')}) {
    wire::Repair repair = insert_by(kGuest);
    repair.key = key;
    EXPECT_TRUE(refused({repair})) << key;
  }
  EXPECT_TRUE(refused(std::vector<wire::Repair>(kRepairsMax + 1, insert_by(kGuest))));
  EXPECT_THAT(workers().repairs, IsEmpty());
  EXPECT_FALSE(refused(std::vector<wire::Repair>(kRepairsMax, insert_by(kGuest))));
}

}  // namespace
}  // namespace heirloom::node
