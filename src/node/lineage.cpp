// SPDX-License-Identifier: Apache-2.0
#include "node/lineage.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>  // what a wait status means
#include <ctime>
#include <ostream>
#include <sstream>

#include "node/runtime.hpp"
#include "node/table_handle.hpp"
#include "shm/process_file.hpp"
#include "term/serial.hpp"

namespace heirloom {

namespace {

constexpr std::array<std::string_view, 10> kNames = {"owns", "gave_away", "exited",  "crashed",   "killed",
                                                     "hung", "closed",    "unknown", "reclaimed", "quarantined"};

// As in RFC 3339, in UTC.
std::string text_of(Tenure::Time time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t bytes = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string fraction = std::to_string(1000 + milliseconds % 1000).substr(1);
  return std::string(text.data(), bytes) + '.' + fraction + 'Z';
}

std::string text_of_status(std::int32_t status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

void say_end(std::ostream& out, const Tenure& tenure) {
  switch (tenure.end) {
    case TenureEnd::owns: out << (tenure.owner ? "owns it" : "has it"); break;
    case TenureEnd::gave_away: out << "gave it away"; break;
    case TenureEnd::exited: out << "exited"; break;
    case TenureEnd::crashed: out << "crashed"; break;
    case TenureEnd::killed: out << "killed"; break;
    case TenureEnd::hung: out << "hung, ended by its watchdog"; break;
    case TenureEnd::closed: out << "left the node"; break;
    case TenureEnd::unknown: out << "ended, reason unknown"; break;
    case TenureEnd::reclaimed: out << "taken from it by an operator"; break;
    case TenureEnd::quarantined: out << "set aside"; break;
  }
  if (tenure.reason) out << ", reason " << *tenure.reason;
  if (tenure.status) out << ", " << text_of_status(*tenure.status);
  if (tenure.repairs_finished + tenure.repairs_undone == 0) return;
  out << "; left " << tenure.repairs_finished + tenure.repairs_undone
      << " writes half done: " << tenure.repairs_finished << " finished, " << tenure.repairs_undone << " undone";
}

void say_end(std::ostream& out, const Repair& repair) {
  switch (repair.end) {
    case TenureEnd::killed: out << "killed"; break;
    case TenureEnd::hung: out << "hung, ended by its watchdog"; break;
    case TenureEnd::closed: out << "which had left the node"; break;
    default: out << "ended, reason unknown"; break;
  }
  if (repair.status) out << ", " << text_of_status(*repair.status);
}

std::string text_of(std::chrono::nanoseconds time) {
  const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(time).count();
  return std::to_string(microseconds) + " us";
}

}  // namespace

std::string_view to_string(TenureEnd end) noexcept { return kNames[static_cast<std::size_t>(end)]; }

std::ostream& operator<<(std::ostream& out, const Tenure& tenure) {
  out << text_of(tenure.since) << " .. " << (tenure.until ? text_of(*tenure.until) : "now") << "  ";
  if (!tenure.owner) {
    out << "the node";
  } else {
    out << *tenure.owner;
    if (tenure.name) out << ' ' << *tenure.name;
    if (tenure.process) out << " (process " << *tenure.process << ')';
  }
  out << ": ";
  say_end(out, tenure);
  return out;
}

std::ostream& operator<<(std::ostream& out, const Repair& repair) {
  if (repair.name) out << *repair.name << " (";
  out << "program " << repair.program;
  if (repair.process) out << ", process " << *repair.process;
  out << (repair.name ? "), " : ", ");
  say_end(out, repair);
  if (repair.outcome == RepairOutcome::nothing) {
    out << ", held " << (repair.locks > 1 ? std::to_string(repair.locks) + " locks" : "a lock")
        << "; nothing was under way: settled in " << text_of(repair.took);
    return out;
  }
  out << ", left " << to_string(repair.operation);
  if (repair.keys > 1)
    out << " of " << repair.keys << " keys" << (repair.key.empty() ? "" : ", one of them ") << repair.key;
  if (repair.keys <= 1 && !repair.key.empty()) out << " of key " << repair.key;
  out << " under way: " << to_string(repair.outcome) << ", in " << text_of(repair.took);
  return out;
}

namespace node {

namespace {

Tenure::Time time_of(std::int64_t nanoseconds) {
  return Tenure::Time(std::chrono::duration_cast<Tenure::Time::duration>(std::chrono::nanoseconds(nanoseconds)));
}

Tenure from_wire(const wire::Tenure& wire) {
  Tenure tenure{
      .owner = wire.owner, .name = {}, .process = {}, .generation = wire.generation, .since = time_of(wire.since)};
  if (!wire.name.empty()) tenure.name = Atom(wire.name);
  if (wire.os_process != 0) tenure.process = wire.os_process;
  if (wire.end != TenureEnd::owns) tenure.until = time_of(wire.until);
  tenure.end = wire.end;
  if (!wire.reason.empty()) {
    if (auto reason = term::deserialize(wire.reason)) tenure.reason = *std::move(reason);
  }
  tenure.status = wire.status;
  tenure.repairs_finished = wire.repairs_finished;
  tenure.repairs_undone = wire.repairs_undone;
  for (const wire::Repair& repair : wire.repairs) tenure.repairs.push_back(node::from_wire(repair));
  return tenure;
}

// Adds to what the segment tells what the manager alone knows.
void complete(TableInfo& info, const wire::TableFacts& facts) {
  info.name = Atom(facts.spec.name);
  // Of one moment: the segment was read before the manager was asked.
  info.owner = facts.owner;
  info.generation = facts.generation;
  info.node_table = facts.spec.node_table;
  if (facts.heir) {
    const wire::PidOrName& heir = facts.heir->process;
    if (const Pid* pid = std::get_if<Pid>(&heir)) {
      info.heir = Heir{*pid, std::nullopt};
    } else {
      info.heir = Heir{Atom(std::get<std::string>(heir)), std::nullopt};
    }
  }
  if (!facts.fixations.empty()) {
    info.fixations.emplace(TableInfo::Fixations{time_of(facts.fixed_since), {}});
    for (const wire::Fixation& each : facts.fixations) info.fixations->processes.emplace_back(each.process, each.count);
  }
  if (!facts.quarantine) return;
  info.quarantine = {facts.quarantine->cause, Atom(facts.quarantine->name), time_of(facts.quarantine->since)};
}

}  // namespace

TableInfo info_of(const TableHandle& handle) {
  TableInfo info = handle.table->info();
  if (auto facts = handle.runtime->facts(handle.id); facts && *facts) complete(info, **facts);
  return info;
}

std::string repair_line(const std::string& table, const wire::Repair& repair) {
  std::ostringstream out;
  out << "table '" << table << "': " << from_wire(repair);
  return std::move(out).str();
}

Repair from_wire(const wire::Repair& wire) {
  // Whoever said it may have said any number.
  constexpr auto kLongest = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
  Repair repair{.at = time_of(wire.at),
                .took = std::chrono::nanoseconds(std::min(wire.took, kLongest)),
                .program = wire.program,
                .thread = shm::slot_of_thread(wire.thread),
                .name = {},
                .process = {},
                .end = wire.end,
                .status = wire.status,
                .operation = wire.operation,
                .key = wire.key,
                .keys = wire.keys,
                .outcome = wire.outcome,
                .locks = wire.locks};
  if (!wire.name.empty()) repair.name = Atom(wire.name);
  if (wire.os_process != 0) repair.process = wire.os_process;
  return repair;
}

std::vector<Tenure> from_wire(const std::vector<wire::Tenure>& lineage) {
  std::vector<Tenure> tenures;
  for (const wire::Tenure& tenure : lineage) tenures.push_back(from_wire(tenure));
  return tenures;
}

}  // namespace node
}  // namespace heirloom
