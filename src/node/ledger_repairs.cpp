// SPDX-License-Identifier: Apache-2.0
//
// The part of the ledger that tells what the dead left half done: which write of whom, and what became of it.
#include <algorithm>

#include "node/ledger.hpp"

namespace heirloom::node {

// What is known of the program that died, by now.
void Ledger::fill_in(wire::Repair& repair) const {
  if (const auto running = programs_.find(repair.program); running != programs_.end()) {
    if (running->second != 0) repair.os_process = running->second;
  }
  const auto found = departed_.find(repair.program);
  if (found == departed_.end()) return;
  const Departed& departed = found->second;
  if (departed.os_process != 0) repair.os_process = departed.os_process;
  repair.name = departed.name;
  repair.end = departed.end;
  repair.status = departed.status;
}

void Ledger::fill_in_repairs_of(std::uint32_t program) {
  for (auto& [id, table] : tables_) {
    for (wire::Tenure& tenure : table.lineage) {
      for (wire::Repair& repair : tenure.repairs) {
        if (repair.program == program) fill_in(repair);
      }
    }
  }
}

// Whose time with the table a repair belongs to: that of the dead, if it lost the table by its death; else the time in which it died.
wire::Tenure& Ledger::tenure_of(Table& table, const wire::Repair& repair) const {
  auto& lineage = table.lineage;
  const auto own = std::find_if(lineage.rbegin(), lineage.rend(), [&](const wire::Tenure& tenure) {
    return tenure.owner && tenure.owner->program == repair.program && tenure.end != TenureEnd::gave_away;
  });
  if (own != lineage.rend()) return *own;
  const auto departed = departed_.find(repair.program);
  const std::int64_t died = departed != departed_.end() ? departed->second.at : repair.at;
  const auto then =
      std::find_if(lineage.rbegin(), lineage.rend(), [&](const auto& tenure) { return tenure.since <= died; });
  return then != lineage.rend() ? *then : lineage.front();
}

// A thread dies once, and had at most one operation under way: what was found in several stripes, maybe by several programs, is
// one record.
bool merge(wire::Repair& repair, const wire::Repair& more) {
  if (repair.program != more.program || repair.thread != more.thread) return false;
  repair.at = std::max(repair.at, more.at);
  repair.took += more.took;
  repair.locks += more.locks;
  repair.keys += more.keys;
  if (repair.operation == Operation::none) {
    repair.operation = more.operation;
    repair.outcome = more.outcome;
  }
  if (repair.key.empty()) repair.key = more.key;
  return true;
}

void Ledger::add_repair(Table& table, const wire::Repair& found) const {
  const auto count = [](wire::Tenure& tenure, const wire::Repair& repair) {
    const bool own = tenure.owner && tenure.owner->program == repair.program;
    if (own && repair.outcome == RepairOutcome::finished) ++tenure.repairs_finished;
    if (own && repair.outcome == RepairOutcome::undone) ++tenure.repairs_undone;
  };
  std::size_t all = 1;
  for (wire::Tenure& tenure : table.lineage) {
    for (wire::Repair& repair : tenure.repairs) {
      const RepairOutcome before = repair.outcome;
      if (!merge(repair, found)) continue;
      if (before == RepairOutcome::nothing) count(tenure, repair);
      return;
    }
    all += tenure.repairs.size();
  }
  wire::Tenure& tenure = tenure_of(table, found);
  tenure.repairs.push_back(found);
  fill_in(tenure.repairs.back());
  count(tenure, found);
  if (all <= kRepairsMax) return;
  const auto oldest = std::find_if(table.lineage.begin(), table.lineage.end(),
                                   [](const wire::Tenure& each) { return !each.repairs.empty(); });
  oldest->repairs.erase(oldest->repairs.begin());
}

void Ledger::change(const RepairsFound& record) {
  const auto table = tables_.find(record.id);
  if (table == tables_.end()) return;
  for (const wire::Repair& repair : record.repairs) add_repair(table->second, repair);
}

const wire::Repair* Ledger::repair(const std::string& id, std::uint32_t program, std::uint32_t thread) const {
  const Table* found = table(id);
  if (found == nullptr) return nullptr;
  for (const wire::Tenure& tenure : found->lineage) {
    for (const wire::Repair& repair : tenure.repairs) {
      if (repair.program == program && repair.thread == thread) return &repair;
    }
  }
  return nullptr;
}

}  // namespace heirloom::node
