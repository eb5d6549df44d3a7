// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what an operator, or a table manager, does with a table that is not where it should be: taken back, set aside, given
// back, and what is refused.
#include "node/manager_fixture.hpp"

namespace heirloom::node {
namespace {

constexpr Pid kOperator{3, 0};

class OperatorOf : public ManagerStateTest {
 protected:
  OperatorOf() {
    for (const Pid pid : {kKeeper, kWorker, kOperator}) connect(pid);
    receive(wire::RegisterName{0, "keeper", kKeeper}, kKeeper);
    make_table("jobs", kWorker, {.process = "keeper", .data = "gift"}, true);
    effects.take();
  }
  void reclaim(const std::string& id = "1") { receive(wire::ReclaimTable{0, id}, kOperator); }
  void quarantine(bool keep_name = false) { receive(wire::QuarantineTable{0, "1", "it kills", keep_name}, kOperator); }
  void release(bool replace = false) { receive(wire::ReleaseTable{0, "1", kOperator, replace}, kOperator); }
  [[nodiscard]] const wire::TableFacts& facts(const std::string& id = "1") const {
    return state.ledger().table(id)->facts;
  }
};

TEST_F(OperatorOf, ReclaimsATableForItsHeir) {
  reclaim();
  EXPECT_EQ(effects.take(), (Said{"transfer 1", "reply"}));
  EXPECT_EQ(facts().owner, kKeeper);
  EXPECT_EQ(effects.last_transfer.cause, TenureEnd::reclaimed);
  EXPECT_EQ(effects.last_transfer.from, kWorker);
}

TEST_F(OperatorOf, ReclaimsATableForTheNodeWhenTheHeirIsGone) {
  state.program_died(kKeeper.program);
  reclaim();
  EXPECT_EQ(facts().owner, std::nullopt);
  EXPECT_EQ(effects.owners["1"], Pid{});
}

TEST_F(OperatorOf, DoesNotReclaimWhatNobodyOwnsOrWouldBeLost) {
  reclaim("7");
  EXPECT_EQ(effects.take(), Said{"refused id"});
  state.program_died(kKeeper.program);
  state.program_died(kWorker.program);
  effects.take();
  reclaim();
  EXPECT_EQ(effects.take(), Said{"refused not_owner"});
  make_table("scratch", kOperator, {.process = Pid{9, 9}});
  effects.take();
  reclaim("2");
  EXPECT_EQ(effects.take(), Said{"refused badarg"});
}

TEST_F(OperatorOf, SetsATableAsideSoThatAnotherOfItsNameCanBeMade) {
  quarantine();
  EXPECT_EQ(effects.take(), Said{"reply"});
  EXPECT_EQ(facts().spec.name, "jobs@1");
  EXPECT_EQ(facts().owner, std::nullopt);
  EXPECT_EQ(facts().quarantine->cause, "it kills");
  EXPECT_EQ(effects.quarantined, std::set<std::string>{"1"});
  EXPECT_EQ(state.ledger().table("1")->lineage[0].end, TenureEnd::quarantined);
  make_table("jobs", kKeeper, {.process = "keeper", .data = "gift"}, true);
  EXPECT_EQ(effects.take(), Said{"reply"});
  EXPECT_EQ(state.ledger().table_named("jobs")->facts.id, "2");
}

TEST_F(OperatorOf, SetsATableAsideUnderItsNameSoThatNoneCan) {
  quarantine(true);
  effects.take();
  wire::MakeTable call;
  call.caller = kKeeper;
  call.spec.name = "jobs";
  call.spec.node_table = true;
  call.or_open = true;
  receive(call, kKeeper);
  EXPECT_EQ(effects.take(), Said{"refused quarantined"});
}

TEST_F(OperatorOf, ReleasesATableToItsHeir) {
  quarantine();
  effects.take();
  release();
  EXPECT_EQ(effects.take(), (Said{"transfer 1", "reply"}));
  EXPECT_EQ(facts().spec.name, "jobs");
  EXPECT_EQ(facts().owner, kKeeper);
  EXPECT_EQ(facts().quarantine, std::nullopt);
  EXPECT_TRUE(effects.quarantined.empty());
}

TEST_F(OperatorOf, ReleasesATableWhoseNameIsTakenOnlyInExchange) {
  quarantine();
  make_table("jobs", kWorker, {.process = "keeper", .data = "gift"}, true);
  effects.take();
  release();
  EXPECT_EQ(effects.take(), Said{"refused already_exists"});
  release(true);
  EXPECT_EQ(effects.take(), (Said{"transfer 1", "reply"}));
  EXPECT_EQ(facts().spec.name, "jobs");
  EXPECT_EQ(facts("2").spec.name, "jobs@2");
  EXPECT_EQ(effects.quarantined, std::set<std::string>{"2"});
}

TEST_F(OperatorOf, ReleasesOnlyWhatIsSetAside) {
  release();
  EXPECT_EQ(effects.take(), Said{"refused badarg"});
}

TEST_F(OperatorOf, IsRefusedWhileASegmentCannotBeOpened) {
  effects.failing["1"] = ErrorCode::system_limit;
  reclaim();
  quarantine();
  EXPECT_EQ(effects.take(), (Said{"refused system_limit", "refused system_limit"}));
  EXPECT_EQ(facts().owner, kWorker);
  EXPECT_EQ(facts().quarantine, std::nullopt);
}

TEST_F(OperatorOf, SetsATableThatWillNeverOpenAsideAsAFile) {
  effects.failing["1"] = ErrorCode::corrupt;
  quarantine();
  EXPECT_EQ(effects.take(), (Said{"aside 1", "reply"}));
  EXPECT_EQ(state.ledger().table("1"), nullptr);
}

TEST_F(OperatorOf, FindsTheQuarantineInACompactedJournal) {
  quarantine();
  Ledger copy;
  for (const Record& record : state.ledger().snapshot()) copy.apply(record);
  EXPECT_EQ(copy.table_named("jobs@1")->facts, facts());
  EXPECT_EQ(copy.table_named("jobs"), nullptr);
}

// Owners that crash in a loop: the heir gets the table itself, to judge.
class CrashLimits : public ManagerStateTest {
 protected:
  CrashLimits() {
    connect(kKeeper);
    receive(wire::RegisterName{0, "keeper", kKeeper}, kKeeper);
    make_table(
        "jobs", kKeeper,
        {.process = "keeper", .data = "gift", .successors = {"worker"}, .crash_limit = wire::CrashLimit{3, 1000}},
        true);
  }
  // A worker that is there when another one dies; whether it has the table then.
  bool crash_and_succeed() {
    const Pid owner = *state.ledger().table("1")->facts.owner;
    const Pid next{++last_, 0};
    connect(next);
    if (owner != kKeeper) receive(wire::UnregisterName{0, "worker"}, next);
    receive(wire::RegisterName{0, "worker", next}, next);
    if (owner == kKeeper) {
      wire::GiveAway call;
      call.id = "1";
      call.giver = kKeeper;
      call.receiver = next;
      receive(call, kKeeper);
    } else {
      state.program_died(owner.program);
    }
    return state.ledger().table("1")->facts.owner == next;
  }
  std::uint32_t last_ = 10;
};

TEST_F(CrashLimits, GiveTheTableToTheHeirWhenItsOwnersCrashInALoop) {
  effects.time = 100;
  EXPECT_TRUE(crash_and_succeed());
  EXPECT_TRUE(crash_and_succeed());
  EXPECT_TRUE(crash_and_succeed());
  EXPECT_FALSE(crash_and_succeed());
  EXPECT_EQ(state.ledger().table("1")->facts.owner, kKeeper);
  EXPECT_EQ(effects.last_transfer.cause, TenureEnd::killed);
}

TEST_F(CrashLimits, DoNotCountWhatIsLongAgo) {
  for (int life = 0; life < 10; ++life) {
    effects.time += 600;
    EXPECT_TRUE(crash_and_succeed());
  }
}

}  // namespace
}  // namespace heirloom::node
