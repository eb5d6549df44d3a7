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

// Of those that left in good order nobody need know more.
bool may_be_explained(const Ledger::Departed& departed) {
  return !departed.status && (departed.end == TenureEnd::killed || departed.end == TenureEnd::hung);
}

}  // namespace

void Ledger::begin_tenure(Table& table, std::int64_t at) const {
  wire::Tenure tenure{.owner = table.facts.owner,
                      .name = {},
                      .generation = table.facts.generation,
                      .since = at,
                      .reason = {},
                      .repairs = {}};
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

void Ledger::change(const ProgramGone& record) {
  const auto found = programs_.find(record.program);
  Departed departed{.at = record.at, .end = record.end, .name = record.name, .status = {}};
  if (found != programs_.end()) departed.os_process = found->second;
  programs_.erase(record.program);
  departed_.insert_or_assign(record.program, std::move(departed));
  if (departed_.size() > kDepartedMax) departed_.erase(departed_.begin());
  fill_in_repairs_of(record.program);
}

void Ledger::change(const EndExplained& record) {
  for (auto& [id, table] : tables_) {
    for (wire::Tenure& tenure : table.lineage) {
      if (may_be_explained(tenure) && tenure.owner->program == record.program) tenure.status = record.status;
    }
  }
  const auto departed = departed_.find(record.program);
  if (departed == departed_.end() || departed->second.status) return;
  departed->second.status = record.status;
  fill_in_repairs_of(record.program);
}

std::uint32_t Ledger::crashes(const std::string& id, std::int64_t now, std::int64_t within) const {
  const Table* found = table(id);
  if (found == nullptr) return 0;
  return static_cast<std::uint32_t>(std::count_if(
      found->lineage.begin(), found->lineage.end(),
      [&](const auto& tenure) { return is_crash(tenure.end) && tenure.until >= now - within && tenure.until <= now; }));
}

bool Ledger::is_unexplained(std::uint32_t program) const {
  if (const auto departed = departed_.find(program); departed != departed_.end() && may_be_explained(departed->second))
    return true;
  return std::any_of(tables_.begin(), tables_.end(), [&](const auto& table) {
    const auto& lineage = table.second.lineage;
    return std::any_of(lineage.begin(), lineage.end(), [&](const auto& tenure) {
      return may_be_explained(tenure) && tenure.owner->program == program;
    });
  });
}

std::optional<std::uint32_t> Ledger::unexplained_program(std::int32_t os_process) const {
  std::optional<std::uint32_t> last;
  for (const auto& [program, departed] : departed_) {
    if (may_be_explained(departed) && departed.os_process == os_process) last = program;
  }
  for (const auto& [id, table] : tables_) {
    for (const wire::Tenure& tenure : table.lineage) {
      if (!may_be_explained(tenure) || tenure.os_process != os_process) continue;
      last = std::max(last.value_or(0), tenure.owner->program);
    }
  }
  return last;
}

}  // namespace heirloom::node
