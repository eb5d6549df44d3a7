// SPDX-License-Identifier: Apache-2.0
//
// What must hold when all has come to rest.
#include <algorithm>
#include <set>
#include <utility>

#include "node/manager_world.hpp"

namespace heirloom::node {

void World::settle() {
  manager_dies_in_ = -1;
  shortage_ = false;
  state_->try_again();
  EXPECT_EQ(state_->segments_behind(), 0U);
  for (const auto& [pid, keeper] : keepers_) keeper->be_honest();
  constexpr int kTimersAtMost = 20;  // those who find nobody look again for ever
  come_to_rest();
  for (int i = 0; i < kTimersAtMost && pass_time(); ++i) come_to_rest();
  check_at_rest();
  for (const auto& [pid, keeper] : keepers_) {
    keeper->check_at_rest();
    keeper->be_a_liar_again();
  }
}

void World::come_to_rest() {
  for (bool moved = true; moved;) {
    moved = false;
    serve_candidates();
    for (const Pid pid : keeper_pids()) moved = step_keeper(pid) || moved;
    for (auto& [number, program] : programs_) {
      if (!program.connected) {
        connect(number);
        moved = true;
      }
      while (!program.inbox.empty()) {
        read_one(number);
        moved = true;
      }
    }
  }
}

bool World::pass_time() {
  process::Deadline first;
  for (const auto& [pid, keeper] : keepers_) {
    const process::Deadline& next = keeper->next_try();
    if (next && (!first || *next < *first)) first = next;
  }
  if (first) clock_ = std::max<std::int64_t>(clock_, std::chrono::nanoseconds(first->time_since_epoch()).count());
  return first.has_value();
}

void World::check_at_rest() {
  std::set<std::string> names;
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (taken_away_.contains(id)) continue;  // nobody has looked for it since
    ASSERT_TRUE(segments_.contains(id)) << "table " << id << " has no segment";
    EXPECT_EQ(segments_[id].owner, table.facts.owner) << "table " << id;
    EXPECT_EQ(segments_[id].generation, table.facts.generation) << "table " << id;
    EXPECT_EQ(segments_[id].fixed, !table.facts.fixations.empty()) << "table " << id;
    for (const wire::Fixation& fixation : table.facts.fixations) {
      EXPECT_TRUE(fixation.count > 0 && truly_alive(fixation.process)) << "table " << id << " is fixed by the dead";
    }
    EXPECT_EQ(segments_[id].protection, table.facts.spec.protection) << "table " << id;
    EXPECT_EQ(segments_[id].quarantined, table.facts.quarantine.has_value()) << "table " << id;
    EXPECT_FALSE(table.facts.quarantine && table.facts.owner) << "table " << id << " is set aside and owned";
    EXPECT_TRUE(names.insert(table.facts.spec.name).second) << "two tables of one name";
    EXPECT_EQ(state_->ledger().table_named(table.facts.spec.name), &table);
    check_lineage(table);
    check_candidates(id, table.facts);
    if (table.facts.owner) {
      EXPECT_TRUE(truly_alive(*table.facts.owner)) << "table " << id << " belongs to the dead";
    } else {
      EXPECT_TRUE(table.facts.spec.node_table) << "table " << id << " belongs to nobody";
    }
  }
  for (const auto& [id, segment] : segments_) {
    EXPECT_NE(state_->ledger().table(id), nullptr) << "segment " << id << " has no table";
  }
  for (const std::string& id : confirmed_) {
    EXPECT_TRUE(may_vanish_.contains(id) || state_->ledger().table(id) != nullptr) << "table " << id << " is lost";
  }
  EXPECT_TRUE(state_->ledger().transfers().empty()) << "a transfer was never acknowledged";
  for (const auto& [name, pid] : state_->ledger().names()) {
    EXPECT_TRUE(truly_alive(pid)) << "the name " << name << " belongs to the dead";
  }
  for (const auto& [number, program] : programs_) {
    for (const Pid pid : program.watched) EXPECT_TRUE(truly_alive(pid)) << "a death was never told";
  }
}

void World::check_lineage(const Ledger::Table& table) {
  const auto& lineage = table.lineage;
  ASSERT_FALSE(lineage.empty());
  EXPECT_LE(lineage.size(), kLineageMax);
  EXPECT_EQ(lineage.back().owner, table.facts.owner);
  for (std::size_t i = 0; i + 1 < lineage.size(); ++i) {
    EXPECT_EQ(lineage[i].until, lineage[i + 1].since) << "a gap";
    EXPECT_LT(lineage[i].generation, lineage[i + 1].generation);
    EXPECT_NE(lineage[i].end, TenureEnd::owns);
  }
  EXPECT_EQ(lineage.back().end, TenureEnd::owns);
  std::set<std::pair<std::uint32_t, std::uint32_t>> dead;
  for (const wire::Tenure& tenure : lineage) {
    for (const wire::Repair& repair : tenure.repairs)
      EXPECT_TRUE(dead.insert({repair.program, repair.thread}).second) << "a death is told twice";
  }
  EXPECT_LE(dead.size(), kRepairsMax);
}

void World::check_candidates(const std::string& id, const wire::TableFacts& facts) {
  if (!facts.owner || !facts.heir || segments_[id].spoiled) return;
  if (state_->ledger().whereis(manager_of(facts.spec.name)) != facts.owner || keepers_.contains(*facts.owner)) return;
  EXPECT_FALSE(waiting_for(facts)) << "a candidate waits for the table " << id;
}

std::optional<Pid> World::waiting_for(const wire::TableFacts& facts) const {
  for (const std::string& name : facts.heir->successors) {
    const auto pid = state_->ledger().whereis(name);
    if (pid && truly_alive(*pid) && pid != facts.owner) return pid;
  }
  return std::nullopt;
}

}  // namespace heirloom::node
