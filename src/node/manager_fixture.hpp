// SPDX-License-Identifier: Apache-2.0
//
// ManagerStateTest: a manager's decisions, made one by one, and what it then wants done, written down in order.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "node/lineage.hpp"
#include "node/manager_state.hpp"

namespace heirloom::node {

// Of most tests: who hands tables out and gets them back, and who works with them.
inline constexpr Pid kKeeper{1, 0};
inline constexpr Pid kWorker{2, 0};

struct RecordedEffects final : ManagerEffects {
  void send(std::uint32_t program, const wire::ToProgram& message) override {
    if (const auto* transfer = std::get_if<wire::Transfer>(&message)) {
      said.push_back("transfer " + transfer->table.id);
      EXPECT_EQ(owners[transfer->table.id], transfer->to) << "told before it was stored";
      last_transfer = *transfer;
    }
    if (std::holds_alternative<wire::ProcessDied>(message)) said.push_back("died");
    if (const auto* deleted = std::get_if<wire::TableDeleted>(&message)) {
      said.push_back("deleted " + deleted->id + " to " + std::to_string(program));
    }
    if (const auto* reply = std::get_if<wire::Reply>(&message)) {
      const auto* refusal = std::get_if<wire::Refusal>(&reply->answer);
      if (const auto* tables = std::get_if<std::vector<wire::TableFacts>>(&reply->answer)) last_tables = *tables;
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
    owners[table.id] = table.owner.value_or(Pid{});
    if (table.quarantine) quarantined.insert(table.id);
    if (!table.quarantine) quarantined.erase(table.id);
    return table.generation;
  }
  Status delete_segment(const std::string& id) override { return open_segment(id); }
  void set_aside_segment(const std::string& id, const Failure& /*why*/) override { said.push_back("aside " + id); }

  std::int64_t now() override { return time; }
  void explain_ends() override {}
  void tell_repair(const std::string& table, const wire::Repair& repair) override {
    told_repairs.push_back(repair_line(table, repair));
  }
  void watch_beats(std::uint32_t /*program*/) override {}

  std::vector<std::string> take() { return std::exchange(said, {}); }

  std::map<std::string, ErrorCode> failing;
  std::map<std::string, Pid> owners;
  std::set<std::string> quarantined;
  std::vector<std::string> said;
  std::vector<std::string> told_repairs;
  std::int64_t time = 0;
  wire::Transfer last_transfer;
  std::vector<wire::TableFacts> last_tables;
};

class ManagerStateTest : public testing::Test {
 protected:
  using Said = std::vector<std::string>;

  void connect(Pid root) {
    wire::Hello hello;
    hello.program = root.program;
    state.connected(hello);
  }
  void receive(const wire::ToManager& message, Pid from) { EXPECT_TRUE(state.received(from.program, message)); }
  void make_table(const std::string& name, Pid owner, const wire::HeirSpec& heir, bool node_table = false) {
    wire::MakeTable call;
    call.caller = owner;
    call.spec.name = name;
    call.spec.node_table = node_table;
    call.heir = heir;
    receive(call, owner);
  }

  RecordedEffects effects;
  ManagerState state{Ledger(), effects};
};

}  // namespace heirloom::node
