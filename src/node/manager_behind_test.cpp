// SPDX-License-Identifier: Apache-2.0
//
// Strategy: two tables die with their owner, and the segment of one cannot be written. What waits for it, what does not, and
// in which order it all comes in the end. The simulation has the same at random; here each step can be read.
#include <gtest/gtest.h>

#include "node/manager_state.hpp"

namespace heirloom::node {
namespace {

constexpr Pid kOwner{1, 0};
constexpr Pid kHeir{2, 0};

struct Effects final : ManagerEffects {
  void send(std::uint32_t program, const wire::ToProgram& message) override {
    if (const auto* transfer = std::get_if<wire::Transfer>(&message)) said.push_back("transfer " + transfer->table.id);
    if (std::holds_alternative<wire::ProcessDied>(message)) said.push_back("died");
    if (const auto* reply = std::get_if<wire::Reply>(&message)) {
      const auto* refusal = std::get_if<wire::Refusal>(&reply->answer);
      said.push_back(refusal != nullptr ? "refused " + std::string(to_string(refusal->code)) : "reply");
    }
    EXPECT_NE(program, 0U);
  }
  Status record(std::span<const Record> /*records*/) override { return {}; }
  Status create_segment(const wire::TableFacts& /*table*/) override { return {}; }
  Status open_segment(const std::string& id) override {
    const auto found = failing.find(id);
    return found == failing.end() ? Status() : Status(fail(found->second, "it does not open"));
  }
  Result<std::uint64_t> set_owner(const wire::TableFacts& table) override {
    HEIRLOOM_CHECK(open_segment(table.id), "store the owner");
    owners[table.id] = *table.owner;
    return table.generation;
  }
  Status delete_segment(const std::string& id) override { return open_segment(id); }
  void set_aside_segment(const std::string& id, const Failure& /*why*/) override { said.push_back("aside " + id); }

  std::vector<std::string> take() { return std::exchange(said, {}); }

  std::map<std::string, ErrorCode> failing;
  std::map<std::string, Pid> owners;
  std::vector<std::string> said;
};

class SegmentsBehind : public testing::Test {
 protected:
  using Said = std::vector<std::string>;

  SegmentsBehind() {
    for (const Pid pid : {kOwner, kHeir}) {
      wire::Hello hello;
      hello.program = pid.program;
      state.connected(hello);
    }
    receive(wire::Watch{kOwner}, kHeir);
    for (const char* name : {"one", "two"}) {
      wire::MakeTable call;
      call.caller = kOwner;
      call.spec.name = name;
      call.heir = wire::HeirSpec{kHeir, "data"};
      receive(call, kOwner);
    }
    effects.take();
  }
  void receive(const wire::ToManager& message, Pid from) { EXPECT_TRUE(state.received(from.program, message)); }

  Effects effects;
  ManagerState state{Ledger(), effects};
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
