// SPDX-License-Identifier: Apache-2.0
//
// The part of ManagerState that serves operators, and table managers whose table kills its users: taking tables from their owners,
// setting them aside and giving them back, and telling what has happened to them.
//
// **Quarantine.** A table that is set aside keeps its id and its bytes, and its name with "@ID" behind it, so that another one of
// its name can be made; or its very name, so that none can. Nobody owns it. Handles that were opened before say so
// (ErrorCode::quarantined); who opens it from now on may read. It is recorded and then stored in the segment like any change of the
// owner.
#include <algorithm>
#include <string_view>

#include "node/manager_state.hpp"
#include "node/refusal.hpp"
#include "term/utf8.hpp"

namespace heirloom::node {

namespace {

std::string quarantine_name(const wire::TableFacts& table) { return table.spec.name + '@' + table.id; }

}  // namespace

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::ReclaimTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  const wire::TableFacts facts = table->facts;
  if (!facts.owner) return refused(ErrorCode::not_owner, "nobody owns the table \"" + facts.spec.name + "\" now");
  const auto heir = facts.heir ? resolve(facts.heir->process) : std::nullopt;
  const bool has_heir = heir && *heir != *facts.owner && is_alive(*heir);
  if (!facts.spec.node_table && !has_heir) {
    return refused(ErrorCode::badarg, "the table \"" + facts.spec.name +
                                          "\" has no heir that lives and is no node table: it would be deleted");
  }
  if (auto opened = effects_.open_segment(call.id); !opened) return refused(opened.failure());
  settle_table(call.id, *facts.owner, {TenureEnd::reclaimed, {}});
  return wire::Done{};
}

Status ManagerState::set_aside(const std::string& id, const std::string& name, const std::string& cause) {
  const wire::TableFacts facts = ledger_.table(id)->facts;
  HEIRLOOM_CHECK(effects_.open_segment(id), "set the table aside");
  const std::int64_t now = effects_.now();
  const QuarantineChanged record{id, name, facts.generation + 1, wire::Quarantine{cause, facts.spec.name, now}, now};
  HEIRLOOM_CHECK(try_commit(record), "set the table aside");
  write_segment(id);
  return {};
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::QuarantineTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  if (table->facts.quarantine) return wire::Done{};
  const std::string name = call.keep_name ? table->facts.spec.name : quarantine_name(table->facts);
  if (auto aside = set_aside(call.id, name, call.cause); !aside) {
    if (!is_lost(aside.failure())) return refused(aside.failure());
    // What will never open again can be studied as a file only.
    effects_.set_aside_segment(call.id, aside.failure());
    table_is_gone(call.id);
    caught_up(call.id);
  }
  announce_names();
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::ReleaseTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  const wire::TableFacts facts = table->facts;
  if (!facts.quarantine) return refused(ErrorCode::badarg, "the table \"" + facts.spec.name + "\" is not set aside");
  const std::string name = facts.quarantine->name;
  if (auto opened = effects_.open_segment(call.id); !opened) return refused(opened.failure());
  if (const Ledger::Table* other = ledger_.table_named(name); other != nullptr && other->facts.id != call.id) {
    const wire::TableFacts present = other->facts;
    if (!call.replace) {
      return refused(ErrorCode::already_exists, "another table has the name \"" + name + "\" now");
    }
    if (auto aside = set_aside(present.id, quarantine_name(present), "replaced by the table " + call.id); !aside)
      return refused(aside.failure());
  }
  const QuarantineChanged record{call.id, name, facts.generation + 1, std::nullopt, effects_.now()};
  if (auto released = try_commit(record); !released) return refused(released.failure());
  if (!pass_to_heir(call.id, call.caller, {TenureEnd::gave_away, {}})) write_segment(call.id);
  announce_names();
  return wire::Done{};
}

namespace {

// What goes into a log and a journal for it, of whoever said it.
bool is_sound(const wire::Repair& repair) {
  std::string_view key = repair.key;
  if (key.size() > wire::kRepairKeyBytesMax) return false;
  while (!key.empty()) {
    const auto first = term::utf8_first(key);
    if (!first || first->code < ' ' || (first->code >= 0x7F && first->code < 0xA0)) return false;
    key.remove_prefix(first->bytes);
  }
  return true;
}

}  // namespace

bool ManagerState::on(std::uint32_t /*program*/, const wire::Repaired& repaired) {
  const auto& repairs = repaired.repairs;
  if (repairs.size() > kRepairsMax || !std::all_of(repairs.begin(), repairs.end(), is_sound)) return false;
  const Ledger::Table* table = ledger_.table(repaired.id);
  if (table == nullptr) return true;  // deleted since
  const std::string name = table->facts.spec.name;
  const std::int64_t now = effects_.now();
  for (wire::Repair repair : repairs) {
    repair.name.clear();
    repair.end = TenureEnd::unknown;
    repair.status.reset();
    if (repair.at < 0 || repair.at > now) repair.at = now;
    const wire::Repair* const before = ledger_.repair(repaired.id, repair.program, repair.thread);
    const bool is_news =
        before == nullptr || (before->operation == Operation::none && repair.operation != Operation::none);
    commit(RepairsFound{repaired.id, {repair}});
    const wire::Repair* const known = ledger_.repair(repaired.id, repair.program, repair.thread);
    if (is_news && known != nullptr) effects_.tell_repair(name, *known);
  }
  return true;
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::TellLineage& call) {
  effects_.explain_ends();
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  return table->lineage;
}

}  // namespace heirloom::node
