// SPDX-License-Identifier: Apache-2.0
//
// Strategy: two tables die with their owner, and the segment of one cannot be written. What waits for it, what does not, and
// in which order it all comes in the end. The simulation has the same at random; here each step can be read.
#include "node/manager_fixture.hpp"

namespace heirloom::node {
namespace {

constexpr Pid kOwner{1, 0};
constexpr Pid kHeir{2, 0};

class SegmentsBehind : public ManagerStateTest {
 protected:
  SegmentsBehind() {
    connect(kOwner);
    connect(kHeir);
    receive(wire::Watch{kOwner}, kHeir);
    make_table("one", kOwner, {kHeir, "data", {}});
    make_table("two", kOwner, {kHeir, "data", {}});
    effects.take();
  }
};

TEST_F(SegmentsBehind, HoldUpTheirOwnTransferAndTheNoticeOfTheDeathAndNoOtherTable) {
  effects.failing["1"] = ErrorCode::system_limit;
  state.program_died(kOwner.program);
  EXPECT_EQ(effects.take(), Said{"transfer 2"});
  EXPECT_EQ(effects.owners["1"], kOwner);
  EXPECT_EQ(state.segments_behind(), 1U);

  state.try_again();
  EXPECT_EQ(effects.take(), Said{});
  effects.failing.clear();
  state.try_again();
  EXPECT_EQ(effects.take(), (Said{"transfer 1", "died"}));
  EXPECT_EQ(effects.owners["1"], kHeir);
  EXPECT_EQ(state.segments_behind(), 0U);
}

TEST_F(SegmentsBehind, GoToWhoeverIsNextWhenTheHeirDiesMeanwhile) {
  effects.failing["1"] = ErrorCode::system_limit;
  state.program_died(kOwner.program);
  effects.take();
  state.program_died(kHeir.program);
  EXPECT_EQ(state.ledger().table("1"), nullptr);  // an heir that inherits from itself is none
  effects.failing.clear();
  state.try_again();
  EXPECT_EQ(effects.take(), Said{});
  EXPECT_EQ(state.segments_behind(), 0U);
}

TEST_F(SegmentsBehind, AreNotTransferredToAnHeirThatComesBack) {
  effects.failing["1"] = ErrorCode::full;
  state.program_died(kOwner.program);
  effects.take();
  state.disconnected(kHeir.program);
  wire::Hello hello;
  hello.program = kHeir.program;
  hello.watched = {kOwner};
  state.connected(hello);
  EXPECT_EQ(effects.take(), Said{"transfer 2"});
  effects.failing.clear();
  state.try_again();
  EXPECT_EQ(effects.take(), (Said{"transfer 1", "died"}));
}

TEST_F(SegmentsBehind, RefuseWhatSomebodyAsksFor) {
  effects.failing["1"] = ErrorCode::system_limit;
  wire::GiveAway give;
  give.id = "1";
  give.giver = kOwner;
  give.receiver = kHeir;
  receive(give, kOwner);
  EXPECT_EQ(effects.take(), Said{"refused system_limit"});
  wire::DropTable drop;
  drop.id = "1";
  drop.caller = kOwner;
  receive(drop, kOwner);
  EXPECT_EQ(effects.take(), Said{"refused system_limit"});
  EXPECT_EQ(state.ledger().table("1")->facts.owner, kOwner);
}

TEST_F(SegmentsBehind, ThatWillNeverOpenAreSetAsideAndTheHeirHearsOnlyOfTheDeath) {
  effects.failing["1"] = ErrorCode::corrupt;
  state.program_died(kOwner.program);
  EXPECT_EQ(effects.take(), (Said{"aside 1", "transfer 2", "died"}));
  EXPECT_EQ(state.ledger().table("1"), nullptr);
  EXPECT_EQ(state.segments_behind(), 0U);
}

}  // namespace
}  // namespace heirloom::node
