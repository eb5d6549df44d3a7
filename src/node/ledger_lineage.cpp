// SPDX-License-Identifier: Apache-2.0
//
// The part of the ledger that answers "what happened at 3 a.m.": the owners that each table has had.
#include <algorithm>

#include "node/ledger.hpp"

namespace heirloom::node {

namespace {

// A longer exit reason is not kept: many deaths must not make a journal that nobody wants to read.
constexpr std::size_t kReasonBytesMax = 1024;

bool may_be_explained(const wire::Tenure& tenure) {
  return tenure.owner && !tenure.status &&
         (tenure.end == TenureEnd::killed || tenure.end == TenureEnd::hung || tenure.end == TenureEnd::closed);
}

}  // namespace

void Ledger::begin_tenure(Table& table, std::int64_t at) const {
  wire::Tenure tenure{
      .owner = table.facts.owner, .name = {}, .generation = table.facts.generation, .since = at, .reason = {}};
  if (tenure.owner) {
    tenure.name = name_of(*tenure.owner).value_or("");
    const auto program = programs_.find(tenure.owner->program);
    if (program != programs_.end()) tenure.os_process = program->second;
  }
  if (table.lineage.size() == kLineageMax) table.lineage.erase(table.lineage.begin());
  table.lineage.push_back(std::move(tenure));
}

void Ledger::end_tenure(Table& table, const OwnerChanged& record) const {
  wire::Tenure& tenure = table.lineage.back();
  tenure.until = record.at;
  tenure.end = record.ended;
  if (record.reason.size() <= kReasonBytesMax) tenure.reason = record.reason;
  // It may have taken a name since; when it dies, it has that still.
  if (tenure.owner && tenure.name.empty()) tenure.name = name_of(*tenure.owner).value_or("");
}

void Ledger::change(const EndExplained& record) {
  for (auto& [id, table] : tables_) {
    for (wire::Tenure& tenure : table.lineage) {
      if (may_be_explained(tenure) && tenure.owner->program == record.program) tenure.status = record.status;
    }
  }
}

void Ledger::change(const RepairsFound& record) {
  const auto table = tables_.find(record.id);
  if (table == tables_.end()) return;
  auto& lineage = table->second.lineage;
  const auto before = std::find_if(lineage.rbegin(), lineage.rend(),
                                   [&](const auto& tenure) { return tenure.generation < record.generation; });
  if (before == lineage.rend()) return;
  before->repairs_finished += record.finished;
  before->repairs_undone += record.undone;
}

std::uint32_t Ledger::crashes(const std::string& id, std::int64_t since) const {
  const Table* found = table(id);
  if (found == nullptr) return 0;
  return static_cast<std::uint32_t>(
      std::count_if(found->lineage.begin(), found->lineage.end(),
                    [&](const auto& tenure) { return is_crash(tenure.end) && tenure.until >= since; }));
}

bool Ledger::is_unexplained(std::uint32_t program) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const auto& table) {
    const auto& lineage = table.second.lineage;
    return std::any_of(lineage.begin(), lineage.end(), [&](const auto& tenure) {
      return may_be_explained(tenure) && tenure.owner->program == program;
    });
  });
}

std::optional<std::uint32_t> Ledger::unexplained_program(std::int32_t os_process) const {
  std::optional<std::uint32_t> last;
  for (const auto& [id, table] : tables_) {
    for (const wire::Tenure& tenure : table.lineage) {
      if (!may_be_explained(tenure) || tenure.os_process != os_process) continue;
      last = std::max(last.value_or(0), tenure.owner->program);
    }
  }
  return last;
}

}  // namespace heirloom::node
