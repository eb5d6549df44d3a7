// SPDX-License-Identifier: Apache-2.0
//
// What programs say to their manager: a sequence of {who, length in two bytes, a message's bytes}. Whatever it is, the manager keeps
// a ledger that makes sense and that the next manager reads, and answers with messages that programs can read.
#include <algorithm>
#include <set>

#include "judge.hpp"
#include "node/manager_state.hpp"
#include "term/utf8.hpp"
#include "wire/packets.hpp"

namespace heirloom::fuzz {
namespace {

using node::Record;

constexpr std::uint32_t kPrograms = 4;

struct Effects final : node::ManagerEffects {
  void send(std::uint32_t program, const wire::ToProgram& message) override {
    require(program >= 1 && program <= kPrograms);
    require(wire::decode<wire::ToProgram>(wire::encode(message)).ok());
  }
  Status record(std::span<const Record> records) override {
    for (const Record& record : records) journal.apply(*wire::decode<Record>(wire::encode(record)));
    return {};
  }
  Status create_segment(const wire::TableFacts& table) override {
    require(segments.insert(table.id).second);
    return {};
  }
  Status open_segment(const std::string& id) override {
    if (!segments.contains(id)) return fail(ErrorCode::not_found, "no such segment");
    return {};
  }
  Result<std::uint64_t> set_owner(const wire::TableFacts& table) override {
    HEIRLOOM_CHECK(open_segment(table.id), "store the owner");
    return table.generation;
  }
  Status delete_segment(const std::string& id) override {
    segments.erase(id);
    return {};
  }
  void set_aside_segment(const std::string& /*id*/, const Failure& /*why*/) override { require(false); }
  std::int64_t now() override { return ++time; }
  void explain_ends() override {}
  void tell_repair(const std::string& /*table*/, const wire::Repair& repair) override {
    require(repair.key.size() <= wire::kRepairKeyBytesMax && term::utf8_characters(repair.key).has_value());
  }
  void watch_beats(std::uint32_t /*program*/) override {}

  node::Ledger journal;
  std::set<std::string> segments;
  std::int64_t time = 0;
};

void connect(node::ManagerState& state, std::uint32_t program) {
  if (state.is_alive({program, 0})) return;
  wire::Hello hello;
  hello.program = program;
  state.connected(hello);
}

void judge_state(const node::ManagerState& state, const Effects& effects) {
  const node::Ledger& ledger = state.ledger();
  require(ledger.tables().size() == effects.segments.size());
  require(ledger.snapshot().size() == effects.journal.snapshot().size());
  for (const auto& [id, table] : ledger.tables()) {
    require(effects.segments.contains(id));
    require(ledger.table_named(table.facts.spec.name) == &table);
    require(term::utf8_characters(table.facts.spec.name).has_value());
    require(!table.facts.owner || state.is_alive(*table.facts.owner));
    require(table.facts.owner || table.facts.spec.node_table);
    require(!table.facts.owner || !table.facts.quarantine);
    require(table.lineage.size() <= kLineageMax && table.lineage.back().owner == table.facts.owner);
    std::size_t repairs = 0;
    for (const wire::Tenure& tenure : table.lineage) repairs += tenure.repairs.size();
    require(repairs <= kRepairsMax);
  }
  for (const auto& [name, pid] : ledger.names()) require(state.is_alive(pid));
}

void play(std::string_view rest) {
  Effects effects;
  node::ManagerState state(node::Ledger(), effects);
  while (rest.size() >= 3) {
    const std::uint32_t program = 1 + static_cast<std::uint8_t>(rest[0]) % kPrograms;
    const std::size_t length = static_cast<std::uint8_t>(rest[1]) + 256U * static_cast<std::uint8_t>(rest[2]);
    rest.remove_prefix(3);
    const auto message = wire::decode<wire::ToManager>(std::string(rest.substr(0, length)));
    rest.remove_prefix(std::min(length, rest.size()));
    connect(state, program);
    if (!message) continue;
    require(wire::decode<wire::ToManager>(wire::encode(*message)).ok());
    if (!state.received(program, *message)) state.disconnected(program);
    judge_state(state, effects);
  }
  for (std::uint32_t program = 1; program <= kPrograms; ++program) {
    state.program_died(program);
    judge_state(state, effects);
  }
}

}  // namespace
}  // namespace heirloom::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  heirloom::fuzz::play(heirloom::fuzz::as_bytes(data, size));
  return 0;
}
