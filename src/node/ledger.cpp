// SPDX-License-Identifier: Apache-2.0
#include "node/ledger.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

namespace heirloom::node {

std::uint64_t table_number(const std::string& id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  return error == std::errc() && end == id.data() + id.size() ? number : 0;
}

void Ledger::apply(const Record& record) {
  std::visit([this](const auto& one) { change(one); }, record);
}

void Ledger::change(const ProgramSeen& record) { programs_[record.program] = record.os_process; }
void Ledger::change(const NameGiven& record) { names_[record.name] = record.pid; }
void Ledger::change(const NameFreed& record) { names_.erase(record.name); }

void Ledger::change(const TableMade& record) {
  const wire::TableFacts& facts = record.table;
  Table& table = tables_[facts.id] = {facts, next_acquired_++, record.lineage};
  if (table.lineage.empty()) begin_tenure(table, record.at);
  id_by_name_[facts.spec.name] = facts.id;
  next_table_ = std::max(next_table_, table_number(facts.id) + 1);
}

void Ledger::change(const TableGone& record) {
  const auto found = tables_.find(record.id);
  if (found == tables_.end()) return;
  id_by_name_.erase(found->second.facts.spec.name);
  tables_.erase(found);
  end_transfers_of(record.id);
}

void Ledger::change(const OwnerChanged& record) {
  const auto found = tables_.find(record.id);
  if (found == tables_.end()) return;
  Table& table = found->second;
  end_transfers_of(record.id);
  // Only a record that repeats what was known has the same owner: its time goes on.
  const bool another = table.facts.owner != record.owner;
  if (another) end_tenure(table, record);
  table.facts.owner = record.owner;
  table.facts.generation = record.generation;
  table.acquired = next_acquired_++;
  if (another) begin_tenure(table, record.at);
  if (record.transfer != 0 && record.owner) {
    transfers_[record.transfer] = {record.id, *record.owner, record.from, record.former, record.ended, record.data};
    next_transfer_ = std::max(next_transfer_, record.transfer + 1);
  }
}

void Ledger::change(const HeirChanged& record) {
  const auto found = tables_.find(record.id);
  if (found != tables_.end()) found->second.facts.heir = record.heir;
}

void Ledger::rename(wire::TableFacts& facts, const std::string& name) {
  id_by_name_.erase(facts.spec.name);
  id_by_name_[name] = facts.id;
  facts.spec.name = name;
}

void Ledger::change(const SpecChanged& record) {
  const auto found = tables_.find(record.id);
  if (found == tables_.end()) return;
  rename(found->second.facts, record.name);
  found->second.facts.spec.protection = record.protection;
  found->second.facts.spec.node_table = record.node_table;
}

void Ledger::change(const FixationChanged& record) {
  const auto found = tables_.find(record.id);
  if (found == tables_.end()) return;
  wire::TableFacts& facts = found->second.facts;
  if (facts.fixations.empty()) facts.fixed_since = record.at;
  std::erase_if(facts.fixations, [&](const wire::Fixation& fixation) { return fixation.process == record.process; });
  if (record.count != 0) facts.fixations.push_back({record.process, record.count});
}

void Ledger::change(const QuarantineChanged& record) {
  const auto found = tables_.find(record.id);
  if (found == tables_.end()) return;
  wire::TableFacts& facts = found->second.facts;
  const OwnerChanged nobody{.id = record.id,
                            .owner = {},
                            .generation = record.generation,
                            .data = {},
                            .at = record.at,
                            .ended = TenureEnd::quarantined,
                            .reason = {}};
  // Of a table that nobody owned the lineage tells it, too.
  const bool told_besides = record.quarantine && !facts.quarantine && !facts.owner;
  if (told_besides) end_tenure(found->second, nobody);
  rename(facts, record.name);
  facts.quarantine = record.quarantine;
  facts.spec.node_table = true;  // nobody's death may delete what was set aside to be looked at
  change(nobody);
  if (told_besides) begin_tenure(found->second, record.at);
}

void Ledger::change(const TransferEnded& record) { transfers_.erase(record.transfer); }

void Ledger::change(const NumbersGiven& record) {
  next_table_ = std::max(next_table_, record.table);
  next_transfer_ = std::max(next_transfer_, record.transfer);
}

void Ledger::end_transfers_of(const std::string& table) {
  std::erase_if(transfers_, [&](const auto& entry) { return entry.second.table == table; });
}

namespace {

std::vector<std::string> in_order_of_acquisition(const std::map<std::string, Ledger::Table>& tables,
                                                 const std::function<bool(Pid)>& wanted) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const auto& [id, table] : tables) {
    if (table.facts.owner && wanted(*table.facts.owner)) found.emplace_back(table.acquired, id);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> ids;
  for (auto& [acquired, id] : found) ids.push_back(std::move(id));
  return ids;
}

}  // namespace

std::vector<Record> Ledger::snapshot() const {
  std::vector<Record> records;
  records.emplace_back(NumbersGiven{next_table_, next_transfer_});
  for (const auto& [program, departed] : departed_) {
    records.emplace_back(ProgramSeen{program, departed.os_process});
    records.emplace_back(ProgramGone{program, departed.at, departed.end, departed.name});
    if (departed.status) records.emplace_back(EndExplained{program, *departed.status});
  }
  for (const auto& [program, os_process] : programs_) records.emplace_back(ProgramSeen{program, os_process});
  for (const auto& [name, pid] : names_) records.emplace_back(NameGiven{name, pid});

  std::vector<const Table*> ordered;
  for (const auto& [id, table] : tables_) ordered.push_back(&table);
  std::sort(ordered.begin(), ordered.end(), [](auto* left, auto* right) { return left->acquired < right->acquired; });
  for (const Table* table : ordered) records.emplace_back(TableMade{table->facts, 0, table->lineage});
  for (const auto& [number, transfer] : transfers_) {
    const Table& table = tables_.at(transfer.table);
    records.emplace_back(OwnerChanged{.id = transfer.table,
                                      .owner = table.facts.owner,
                                      .generation = table.facts.generation,
                                      .transfer = number,
                                      .from = transfer.from,
                                      .former = transfer.former,
                                      .data = transfer.data,
                                      .ended = transfer.cause,
                                      .reason = {}});
  }
  return records;
}

std::set<std::uint32_t> Ledger::programs_mentioned() const {
  std::set<std::uint32_t> mentioned;
  for (const auto& [program, os_process] : programs_) mentioned.insert(program);
  for (const auto& [name, pid] : names_) mentioned.insert(pid.program);
  for (const auto& [id, table] : tables_) {
    if (table.facts.owner) mentioned.insert(table.facts.owner->program);
    for (const wire::Fixation& fixation : table.facts.fixations) mentioned.insert(fixation.process.program);
  }
  return mentioned;
}

const Ledger::Table* Ledger::table(const std::string& id) const {
  const auto found = tables_.find(id);
  return found == tables_.end() ? nullptr : &found->second;
}

const Ledger::Table* Ledger::table_named(const std::string& name) const {
  const auto found = id_by_name_.find(name);
  return found == id_by_name_.end() ? nullptr : table(found->second);
}

std::optional<Pid> Ledger::whereis(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Ledger::name_of(Pid pid) const {
  for (const auto& [name, owner] : names_) {
    if (owner == pid) return name;
  }
  return std::nullopt;
}

std::vector<std::string> Ledger::tables_of(Pid owner) const {
  return in_order_of_acquisition(tables_, [owner](Pid pid) { return pid == owner; });
}

std::vector<std::string> Ledger::tables_of_program(std::uint32_t program) const {
  return in_order_of_acquisition(tables_, [program](Pid pid) { return pid.program == program; });
}

std::vector<std::string> Ledger::names_of_program(std::uint32_t program) const {
  std::vector<std::string> found;
  for (const auto& [name, pid] : names_) {
    if (pid.program == program) found.insert(pid.index == 0 ? found.begin() : found.end(), name);
  }
  return found;
}

}  // namespace heirloom::node
