// SPDX-License-Identifier: Apache-2.0
//
// The part of ManagerState that owns tables: making, finding, handing over, deleting.
#include <utility>

#include "node/manager_state.hpp"

namespace heirloom::node {

namespace {

wire::Refusal refused(ErrorCode code, std::string detail) { return {code, std::move(detail)}; }
wire::Refusal refused(const Failure& failure) { return {failure.code, failure.to_string()}; }
wire::Refusal no_such_table() { return refused(ErrorCode::id, "the table was deleted"); }

wire::Refusal not_the_owner(const Ledger::Table& table) {
  return refused(ErrorCode::not_owner, "the table \"" + table.facts.spec.name + "\" belongs to " +
                                           (table.facts.owner ? "another process" : "the node"));
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

Status ManagerState::change_owner(const wire::TableFacts& table, std::optional<Pid> owner, Pid from, bool tell,
                                  const std::optional<wire::TermBytes>& data, bool must_succeed) {
  const std::string id = table.id;
  const std::uint64_t number = tell ? ledger_.next_transfer() : 0;
  const OwnerChanged record{id, owner, table.generation + 1, number, from, data};
  if (must_succeed) {
    commit(record);
  } else {
    HEIRLOOM_CHECK(try_commit(record), "change the owner");
  }
  effects_.set_owner(ledger_.table(id)->facts);
  if (tell) send_transfer(number);
  return {};
}

void ManagerState::send_transfer(std::uint64_t number) {
  const Ledger::Transfer& transfer = ledger_.transfers().at(number);
  const wire::TableFacts& table = ledger_.table(transfer.table)->facts;
  send(transfer.to.program, wire::Transfer{number, table, transfer.to, transfer.from, transfer.data});
}

void ManagerState::settle_table(const std::string& id, Pid dead) {
  const wire::TableFacts table = ledger_.table(id)->facts;
  if (table.heir) {
    const auto heir = resolve(table.heir->process);
    if (heir && *heir != dead && is_alive(*heir)) {
      static_cast<void>(change_owner(table, heir, dead, true, table.heir->data, true).ok());
      return;
    }
  }
  if (table.spec.node_table) {
    static_cast<void>(change_owner(table, std::nullopt, dead, false, std::nullopt, true).ok());
    return;
  }
  delete_table(id);
}

void ManagerState::delete_table(const std::string& id) {
  effects_.delete_segment(id);
  commit(TableGone{id});
}

void ManagerState::adopt(const wire::TableFacts& table) {
  wire::TableFacts adopted = table;
  if (ledger_.table_named(table.spec.name) != nullptr) adopted.spec.name += "@" + table.id;
  if (adopted.owner && !programs_.contains(adopted.owner->program)) {
    program_found(adopted.owner->program);
  }
  commit(TableMade{adopted});
}

void ManagerState::catch_up(const std::string& id, std::uint64_t generation) {
  wire::TableFacts facts = ledger_.table(id)->facts;
  facts.generation = generation;
  for (const auto& [number, transfer] : ledger_.transfers()) {
    if (transfer.table != id) continue;
    const Ledger::Transfer untold = transfer;
    static_cast<void>(change_owner(facts, facts.owner, untold.from, true, untold.data, true).ok());
    return;
  }
  static_cast<void>(change_owner(facts, facts.owner, {}, false, std::nullopt, true).ok());
}

void ManagerState::segment_lost(const std::string& id) {
  if (ledger_.table(id) != nullptr) commit(TableGone{id});
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
  if (facts.owner) return wire::TableAnswer{facts, false};
  if (auto claimed = change_owner(facts, call.caller, {}, false, std::nullopt, false); !claimed) {
    return refused(claimed.failure());
  }
  if (call.heir) {
    if (auto recorded = try_commit(HeirChanged{facts.id, living(call.heir)}); !recorded)
      return refused(recorded.failure());
  }
  return wire::TableAnswer{ledger_.table(facts.id)->facts, true};
}

wire::Answer ManagerState::make_table(const wire::MakeTable& call) {
  const wire::TableFacts facts{.id = std::to_string(ledger_.next_table()),
                               .spec = call.spec,
                               .owner = call.caller,
                               .generation = 1,
                               .heir = living(call.heir)};
  if (auto created = effects_.create_segment(facts); !created) return refused(created.failure());
  if (auto recorded = try_commit(TableMade{facts}); !recorded) {
    effects_.delete_segment(facts.id);
    return refused(recorded.failure());
  }
  effects_.set_owner(facts);
  return wire::TableAnswer{facts, true};
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
  if (auto given = change_owner(table->facts, receiver, call.giver, true, call.gift, false); !given) {
    return refused(given.failure());
  }
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::SetHeir& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  if (call.caller.program != program || table->facts.owner != call.caller) return not_the_owner(*table);
  if (auto recorded = try_commit(HeirChanged{call.id, living(call.heir)}); !recorded)
    return refused(recorded.failure());
  return wire::Done{};
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::DropTable& call) {
  const Ledger::Table* table = ledger_.table(call.id);
  if (table == nullptr) return no_such_table();
  const bool may = table->facts.spec.protection == Protection::public_access || !table->facts.owner ||
                   (call.caller.program == program && table->facts.owner == call.caller);
  if (!may) return refused(ErrorCode::access, "only its owner may delete the table \"" + table->facts.spec.name + '"');
  delete_table(call.id);
  return wire::Done{};
}

}  // namespace heirloom::node
