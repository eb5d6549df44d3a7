// SPDX-License-Identifier: Apache-2.0
//
// The part of ManagerState that owns tables: making, finding, handing over, deleting.
#include <algorithm>
#include <utility>

#include "node/manager_state.hpp"
#include "node/refusal.hpp"

namespace heirloom::node {

namespace {

wire::Refusal not_the_owner(const Ledger::Table& table) {
  return refused(ErrorCode::not_owner, "the table \"" + table.facts.spec.name + "\" belongs to " +
                                           (table.facts.owner ? "another process" : "the node"));
}

bool may_write(const wire::TableFacts& table, std::uint32_t program, Pid caller) {
  return table.spec.protection == Protection::public_access || (caller.program == program && table.owner == caller);
}

}  // namespace

std::optional<Pid> ManagerState::resolve(const wire::PidOrName& process) const {
  if (const Pid* pid = std::get_if<Pid>(&process)) return *pid;
  return ledger_.whereis(std::get<std::string>(process));
}

// As in ETS, a pid that is dead when it is set is no heir. A name may be given to somebody later.
std::optional<wire::HeirSpec> ManagerState::living(const std::optional<wire::HeirSpec>& heir) const {
  if (heir && std::holds_alternative<Pid>(heir->process) && !is_alive(std::get<Pid>(heir->process)))
    return std::nullopt;
  return heir;
}

OwnerChanged ManagerState::owned_by(const wire::TableFacts& table, std::optional<Pid> owner,
                                    const Ending& ending) const {
  return {.id = table.id,
          .owner = owner,
          .generation = table.generation + 1,
          .data = {},
          .at = effects_.now(),
          .ended = ending.end,
          .reason = ending.reason};
}

OwnerChanged ManagerState::passed_to(const wire::TableFacts& table, Pid owner, Pid from,
                                     const std::optional<wire::TermBytes>& data, const Ending& ending) const {
  return {.id = table.id,
          .owner = owner,
          .generation = table.generation + 1,
          .transfer = ledger_.next_transfer(),
          .from = from,
          .former = table.owner.value_or(from),
          .data = data,
          .at = effects_.now(),
          .ended = ending.end,
          .reason = ending.reason};
}

void ManagerState::send_transfer(std::uint64_t number) {
  const Ledger::Transfer& transfer = ledger_.transfers().at(number);
  const wire::TableFacts& table = ledger_.table(transfer.table)->facts;
  send(transfer.to.program,
       wire::Transfer{number, table, transfer.to, transfer.from, transfer.former, transfer.cause, transfer.data});
}

Pid ManagerState::successor_of(const wire::HeirSpec& spec, Pid heir, Pid dead) const {
  for (const std::string& name : spec.successors) {
    const auto successor = ledger_.whereis(name);
    if (successor && *successor != dead && is_alive(*successor)) return *successor;
  }
  return heir;
}

// This crash included.
bool ManagerState::crash_in_a_loop(const wire::TableFacts& table, const Ending& ending) {
  const auto& limit = table.heir->crash_limit;
  if (!limit || !is_crash(ending.end)) return false;
  return ledger_.crashes(table.id, effects_.now(), limit->within) + 1 >= limit->deaths;
}

bool ManagerState::pass_to_heir(const std::string& id, Pid former, const Ending& ending) {
  const wire::TableFacts table = ledger_.table(id)->facts;
  if (!table.heir) return false;
  const auto heir = resolve(table.heir->process);
  if (!heir || *heir == former || !is_alive(*heir)) return false;
  const Pid next = crash_in_a_loop(table, ending) ? *heir : successor_of(*table.heir, *heir, former);
  const bool passed_on = next != *heir;
  const auto data = passed_on && table.heir->quiet ? std::nullopt : table.heir->data;
  commit(passed_to(table, next, passed_on ? *heir : former, data, ending));
  write_segment(id);
  return true;
}

void ManagerState::settle_table(const std::string& id, Pid dead, const Ending& ending) {
  if (pass_to_heir(id, dead, ending)) return;
  const wire::TableFacts table = ledger_.table(id)->facts;
  if (!table.spec.node_table) return delete_table(id);
  commit(owned_by(table, std::nullopt, ending));
  write_segment(id);
}

void ManagerState::delete_table(const std::string& id) {
  const bool deleted = effects_.delete_segment(id).ok();
  table_is_gone(id);
  if (!deleted) {
    behind_.insert(id);
  } else {
    caught_up(id);
  }
}

void ManagerState::adopt(const wire::TableFacts& table) {
  wire::TableFacts adopted = table;
  if (table.quarantine) adopted.spec.node_table = true;
  if (table.quarantine || ledger_.table_named(table.spec.name) != nullptr) adopted.spec.name += "@" + table.id;
  if (adopted.owner && !programs_.contains(adopted.owner->program)) {
    program_found(adopted.owner->program);
  }
  commit(TableMade{adopted, effects_.now(), {}});
}

void ManagerState::segment_lost(const std::string& id) {
  if (ledger_.table(id) != nullptr) table_is_gone(id);
}

void ManagerState::table_is_gone(const std::string& id) {
  commit(TableGone{id});
  const auto found = expecting_.find(id);
  if (found == expecting_.end()) return;
  for (const std::uint32_t program : found->second) send(program, wire::TableDeleted{id});
  expecting_.erase(found);
}

std::vector<wire::TableFacts> ManagerState::expect_tables(std::uint32_t program, const wire::RegisterName& call) {
  std::vector<wire::TableFacts> expected;
  if (call.pid.program != program) return expected;  // it named a process of somebody else
  for (const auto& [id, table] : ledger_.tables()) {
    const auto& heir = table.facts.heir;
    if (!heir) continue;
    const auto& names = heir->successors;
    if (std::find(names.begin(), names.end(), call.name) == names.end()) continue;
    expected.push_back(table.facts);
    expecting_[id].insert(program);
  }
  return expected;
}

// -- segments --

bool is_lost(const Failure& failure) noexcept {
  return failure.code == ErrorCode::not_found || failure.code == ErrorCode::corrupt ||
         failure.code == ErrorCode::layout;
}

void ManagerState::write_segment(const std::string& id) {
  const Ledger::Table* table = ledger_.table(id);
  if (table == nullptr) {
    if (effects_.delete_segment(id)) return caught_up(id);
    behind_.insert(id);
    return;
  }
  const auto stored = effects_.set_owner(table->facts);
  if (stored && *stored > table->facts.generation) return catch_up(id, *stored);
  if (!stored && !is_lost(stored.failure())) {
    behind_.insert(id);
    return;
  }
  if (stored) {
    const auto& transfers = ledger_.transfers();
    const auto waiting = std::find_if(transfers.begin(), transfers.end(),
                                      [&](const auto& transfer) { return transfer.second.table == id; });
    if (waiting != transfers.end()) send_transfer(waiting->first);  // L2: there is one at most
  } else {
    effects_.set_aside_segment(id, stored.failure());
    table_is_gone(id);
  }
  caught_up(id);
}

void ManagerState::catch_up(const std::string& id, std::uint64_t generation) {
  wire::TableFacts facts = ledger_.table(id)->facts;
  facts.generation = generation;
  OwnerChanged record = owned_by(facts, facts.owner, {TenureEnd::unknown, {}});
  for (const auto& [number, transfer] : ledger_.transfers()) {
    if (transfer.table != id) continue;
    record = passed_to(facts, transfer.to, transfer.from, transfer.data, {transfer.cause, {}});
    record.former = transfer.former;
  }
  commit(record);
  write_segment(id);
}

void ManagerState::try_again() {
  for (const std::string& id : std::set<std::string>(behind_)) {
    if (behind_.contains(id)) write_segment(id);
  }
}

// -- calls --

wire::Answer ManagerState::on(std::uint32_t program, const wire::MakeTable& call) {
  if (call.caller.program != program || !is_alive(call.caller)) {
    return refused(ErrorCode::noproc, "the process that would own the table has ended");
  }
  if (call.spec.name.empty()) return refused(ErrorCode::badarg, "a table needs a name");
  if (call.spec.keypos < 1) return refused(ErrorCode::badarg, "keypos counts from 1");
  if (const Ledger::Table* table = ledger_.table_named(call.spec.name)) return open_existing(call, *table);
  return make_table(call);
}

wire::Answer ManagerState::open_existing(const wire::MakeTable& call, const Ledger::Table& table) {
  const wire::TableFacts facts = table.facts;
  if (!call.or_open) {
    return refused(ErrorCode::already_exists, "there is a table \"" + facts.spec.name + "\" already");
  }
  if (facts.spec.type != call.spec.type || facts.spec.keypos != call.spec.keypos) {
    return refused(ErrorCode::badarg, "the table \"" + facts.spec.name + "\" exists with type " +
                                          std::string(to_string(facts.spec.type)) + " and keypos " +
                                          std::to_string(facts.spec.keypos));
  }
  if (facts.quarantine) {
    return refused(ErrorCode::quarantined,
                   "the table \"" + facts.spec.name + "\" was set aside: " + facts.quarantine->cause);
  }
  if (facts.owner) return wire::TableAnswer{facts, false};
  if (auto opened = effects_.open_segment(facts.id); !opened) return refused(opened.failure());
  std::vector<Record> records{owned_by(facts, call.caller, {TenureEnd::gave_away, {}})};
  if (call.heir) records.emplace_back(HeirChanged{facts.id, living(call.heir)});
  if (auto claimed = try_commit(records); !claimed) return refused(claimed.failure());
  return owned_now(facts.id);
}

// The answer to who was made the owner by the ledger.
wire::Answer ManagerState::owned_now(const std::string& id) {
  write_segment(id);
  const Ledger::Table* table = ledger_.table(id);
  if (table == nullptr) return no_such_table();
  return wire::TableAnswer{table->facts, true};
}

wire::Answer ManagerState::make_table(const wire::MakeTable& call) {
  const wire::TableFacts facts{.id = std::to_string(ledger_.next_table()),
                               .spec = call.spec,
                               .owner = call.caller,
                               .generation = 1,
                               .heir = living(call.heir)};
  if (auto created = effects_.create_segment(facts); !created) return refused(created.failure());
  if (auto recorded = try_commit(TableMade{facts, effects_.now(), {}}); !recorded) {
    if (!effects_.delete_segment(facts.id)) behind_.insert(facts.id);
    return refused(recorded.failure());
  }
  return owned_now(facts.id);
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::FindTable& call) {
  const Ledger::Table* table = ledger_.table_named(call.name);
  if (table == nullptr) return std::optional<wire::TableAnswer>();
  return wire::TableAnswer{table->facts, false};
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::DescribeTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  return wire::TableAnswer{table->facts, false};
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::ListTables& /*call*/) {
  std::vector<wire::TableFacts> all;
  for (const auto& [id, table] : ledger_.tables()) all.push_back(table.facts);
  return all;
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::GiveAway& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  if (call.giver.program != program || table->facts.owner != call.giver) return not_the_owner(*table);
  const auto receiver = resolve(call.receiver);
  if (!receiver || !is_alive(*receiver)) {
    return refused(ErrorCode::noproc, "the receiver has ended; the table stays with its owner");
  }
  if (*receiver == call.giver) return refused(ErrorCode::owner, "the receiver owns the table already");
  if (auto opened = effects_.open_segment(call.id); !opened) return refused(opened.failure());
  if (auto given = try_commit(passed_to(table->facts, *receiver, call.giver, call.gift, {TenureEnd::gave_away, {}}));
      !given) {
    return refused(given.failure());
  }
  write_segment(call.id);
  if (ledger_.table(call.id) == nullptr) return no_such_table();
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::SetHeir& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  const auto& heir = table->facts.heir;
  const bool by_heir =
      heir && call.heir && call.heir->process == heir->process && resolve(heir->process) == call.caller;
  if (call.caller.program != program || (table->facts.owner != call.caller && !by_heir)) return not_the_owner(*table);
  if (auto recorded = try_commit(HeirChanged{call.id, living(call.heir)}); !recorded)
    return refused(recorded.failure());
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::RenameTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  const wire::TableFacts& facts = table->facts;
  if (facts.quarantine) return refused(ErrorCode::quarantined, "the table was set aside");
  if (call.keep && (call.caller.program != program || facts.owner != call.caller)) return not_the_owner(*table);
  if (!may_write(facts, program, call.caller)) {
    return refused(ErrorCode::access, "only its owner may rename the table \"" + facts.spec.name + '"');
  }
  const Ledger::Table* const other = ledger_.table_named(call.name);
  if (other != nullptr && !(call.keep && other == table)) {
    return refused(ErrorCode::already_exists, "there is a table \"" + call.name + "\" already");
  }
  if (call.keep) {
    if (auto opened = effects_.open_segment(call.id); !opened) return refused(opened.failure());
  }
  const SpecChanged record{call.id, call.name, facts.spec.protection, facts.spec.node_table || call.keep};
  if (auto recorded = try_commit(record); !recorded) return refused(recorded.failure());
  if (call.keep) write_segment(call.id);
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::ProtectTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  if (call.caller.program != program || table->facts.owner != call.caller) return not_the_owner(*table);
  if (auto opened = effects_.open_segment(call.id); !opened) return refused(opened.failure());
  const wire::TableSpec& spec = table->facts.spec;
  if (auto recorded = try_commit(SpecChanged{call.id, spec.name, call.protection, spec.node_table}); !recorded)
    return refused(recorded.failure());
  write_segment(call.id);
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::FixTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  const wire::TableFacts& facts = table->facts;
  const bool may_read = facts.spec.protection != Protection::private_access || facts.owner == call.caller;
  if (call.caller.program != program || !may_read) {
    return refused(ErrorCode::access, "only its owner may fix the private table \"" + facts.spec.name + '"');
  }
  if (!is_alive(call.caller)) return refused(ErrorCode::noproc, "the process has ended");
  const auto found = std::find_if(facts.fixations.begin(), facts.fixations.end(),
                                  [&](const wire::Fixation& fixation) { return fixation.process == call.caller; });
  const std::uint32_t count = found == facts.fixations.end() ? 0 : found->count;
  if (!call.fix && count == 0) return wire::Done{};  // as in ets
  if (auto opened = effects_.open_segment(call.id); !opened) return refused(opened.failure());
  const FixationChanged record{call.id, call.caller, call.fix ? count + 1 : count - 1, effects_.now()};
  if (auto recorded = try_commit(record); !recorded) return refused(recorded.failure());
  write_segment(call.id);
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::DropTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  if (table->facts.owner && !may_write(table->facts, program, call.caller))
    return refused(ErrorCode::access, "only its owner may delete the table \"" + table->facts.spec.name + '"');
  if (auto opened = effects_.open_segment(call.id); !opened && !is_lost(opened.failure())) {
    return refused(opened.failure());
  }
  delete_table(call.id);
  return wire::Done{};
}

}  // namespace heirloom::node
