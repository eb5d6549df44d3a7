// SPDX-License-Identifier: Apache-2.0
//
// What happens next, by chance.
#include <algorithm>
#include <utility>

#include "node/manager_world.hpp"

namespace heirloom::node {

void World::step() {
  try {
    act();
    manager_dies_in_ = -1;
  } catch (const ManagerDied&) {
    restart_manager();
  }
  if (one_in(40)) restart_manager();
  if (one_in(25)) settle();
  if (one_in(20)) begin_shortage();
  if (one_in(8)) state_->try_again();
  if (one_in(10)) shortage_ = false;
  if (one_in(100)) spoil_segment();
  clock_ += pick(40'000'000);
}

void World::start_keeper(std::uint32_t number) {
  TableManager::Options options{.table_id = Atom("kept" + std::to_string(pick(3)))};
  std::vector<std::string> candidates{some_name(), some_name()};
  if (one_in(2)) options.find_me = std::vector<Atom>(candidates.begin(), candidates.end());
  options.quiet = one_in(4);
  options.crashes = {.then = static_cast<TableManager::OnCrashLoop>(pick(3)),
                     .deaths = pick(4),
                     .within = std::chrono::milliseconds(500)};
  const Pid pid = start_process(number);
  if (state_->ledger().whereis(SimKeeper::place_of(std::string(options.table_id.text())))) return;
  keepers_[pid] = std::make_unique<SimKeeper>(*this, pid, options, candidates);
  if (!programs_[number].names_watched) say(number, wire::WatchNames());
  programs_[number].names_watched = true;
  if (!keepers_[pid]->start()) end_process(pid);
}

bool World::step_keeper(Pid pid) {
  const auto keeper = keepers_.find(pid);
  if (keeper == keepers_.end() || !programs_[pid.program].connected) return false;
  const std::optional<bool> done = keeper->second->step();
  if (done == false) end_process(pid);
  return done.has_value();
}

void World::act() {
  if (one_in(3)) manager_dies_in_ = pick(12) + 1;
  if (programs_.size() < 2 || (programs_.size() < 6 && one_in(10))) {
    programs_.try_emplace(++last_program_);
    return connect(last_program_);
  }
  const std::uint32_t number = some_program();
  SimProgram& program = programs_[number];
  if (!program.connected) return one_in(3) ? connect(number) : void();
  if (!program.inbox.empty() && one_in(2)) return read_one(number);
  switch (pick(25)) {
    case 20: return one_in(3) ? start_keeper(number) : void();
    case 21:
    case 22:
    case 23:
    case 24:
      if (!keepers_.empty()) step_keeper(std::next(keepers_.begin(), pick(keepers_.size()))->first);
      return;
    case 14: return one_in(2) ? operate() : void();
    case 15:
    case 16: return manage(number);
    case 17:
    case 18: return hand_over(number);
    case 19: return explain(number);
    case 0: return static_cast<void>(start_process(number));
    case 1: return end_process(number);
    case 2: return one_in(3) ? kill_program(number) : void();
    case 3:
    case 4: return make_table(number);
    case 5:
    case 6:
    case 7: return give_away(number);
    case 8: return set_heir(number);
    case 9: return one_in(4) ? drop_table(number) : void();
    case 10: return one_in(4) ? change_spec(number) : say(number, wire::RegisterName{0, some_name(), some_pid()});
    case 11: return one_in(3) ? say(number, wire::UnregisterName{0, some_name()}) : void();
    case 12: {
      const Pid target = some_pid();
      if (target.program == number || program.watched.contains(target)) return;
      program.watched.insert(target);
      return say(number, wire::Watch{target});
    }
    default: return one_in(5) ? say_bye(number) : void();
  }
}

void World::read_one(std::uint32_t number) {
  SimProgram& program = programs_[number];
  const wire::ToProgram message = std::move(program.inbox.front());
  program.inbox.pop_front();
  if (const auto* transfer = std::get_if<wire::Transfer>(&message)) {
    std::uint64_t& seen = program.seen[transfer->table.id];
    if (seen < transfer->table.generation) {
      seen = transfer->table.generation;
      EXPECT_FALSE(program.dead.contains(transfer->former)) << "a death was told before the table that it moved";
      EXPECT_TRUE(told_.insert({transfer->table.id, transfer->table.generation}).second) << "a transfer told twice";
      const auto keeper = keepers_.find(transfer->to);
      if (keeper != keepers_.end() && transfer->data) keeper->second->transferred(*transfer);
    }
    if (program.connected) say(number, wire::TransferDone{transfer->transfer});
  } else if (const auto* died = std::get_if<wire::ProcessDied>(&message)) {
    EXPECT_TRUE(died->death == wire::Death::unknown || !truly_alive(died->pid))
        << "the death of a living process was told";
    EXPECT_TRUE(died->death == wire::Death::unknown || state_->ledger().tables_of(died->pid).empty())
        << "a death was told before its tables had moved";
    EXPECT_EQ(program.watched.erase(died->pid), 1U) << "a death told twice";
    if (!truly_alive(died->pid)) program.dead.insert(died->pid);
    tell_keepers_of(died->pid, number);
  } else if (std::holds_alternative<wire::NamesChanged>(message)) {
    for (const auto& [pid, keeper] : keepers_) {
      if (pid.program == number) keeper->names_changed();
    }
  } else if (const auto* reply = std::get_if<wire::Reply>(&message)) {
    note(reply->answer);
    if (const auto ended = exits_.find(reply->request); ended != exits_.end()) tell_keepers_of(ended->second, number);
  }
}

void World::explain(std::uint32_t number) {
  switch (pick(3)) {
    case 0: return state_->explain_end(last_program_ - pick(last_program_), static_cast<std::int32_t>(pick(256)));
    case 1: return say(number, wire::ReportExit{static_cast<std::int32_t>(pick(20)), 9});
    default: break;
  }
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (one_in(2)) return say(number, wire::Repaired{id, some_repairs()});
  }
}

std::vector<wire::Repair> World::some_repairs() {
  std::vector<wire::Repair> repairs(1 + pick(3));
  for (wire::Repair& repair : repairs) {
    repair.at = static_cast<std::int64_t>(pick(1000000));
    repair.program = last_program_ - pick(last_program_);
    repair.thread = pick(3);
    repair.operation = static_cast<Operation>(pick(static_cast<std::uint32_t>(Operation::repair) + 1));
    repair.outcome = static_cast<RepairOutcome>(pick(3));
    repair.locks = 1;
    repair.keys = 1;
    repair.key = "alice";
  }
  return repairs;
}

void World::operate() {
  if (state_->ledger().tables().empty()) return;
  const auto& tables = state_->ledger().tables();
  const auto chosen = std::next(tables.begin(), pick(tables.size()));
  const std::string id = chosen->first;
  const std::uint32_t number = some_program();
  if (!programs_[number].connected) return;
  switch (pick(3)) {
    case 0: return say(number, wire::ReclaimTable{0, id});
    case 1: return say(number, wire::QuarantineTable{0, id, "a cause", one_in(2)});
    default: return say(number, wire::ReleaseTable{0, id, {number, 0}, one_in(2)});
  }
}

void World::manage(std::uint32_t number) {
  wire::MakeTable call;
  call.caller = some_process_of(number);
  call.spec.name = "managed" + std::to_string(pick(3));
  call.spec.node_table = true;
  call.or_open = true;
  say(number, wire::RegisterName{0, manager_of(call.spec.name), call.caller});
  if (state_->ledger().whereis(manager_of(call.spec.name)) != call.caller) return;
  call.heir = some_heir();
  call.heir->process = manager_of(call.spec.name);
  call.heir->data = "gift";
  say(number, call);
}

void World::hand_over(std::uint32_t number, bool honest) {
  for (const auto& [id, table] : state_->ledger().tables()) {
    const auto& facts = table.facts;
    if (!facts.owner || facts.owner->program != number || !truly_alive(*facts.owner)) continue;
    if (keepers_.contains(*facts.owner)) continue;
    if (state_->ledger().whereis(manager_of(facts.spec.name)) != facts.owner || !facts.heir) continue;
    wire::GiveAway call;
    call.id = id;
    call.giver = *facts.owner;
    call.gift = "gift";
    if (honest) {
      const auto segment = segments_.find(id);
      const auto candidate = waiting_for(facts);
      if (!candidate || segment == segments_.end() || segment->second.spoiled) continue;
      call.receiver = *candidate;
    } else {
      call.receiver = one_in(4) ? wire::PidOrName(*facts.owner) : wire::PidOrName(some_pid());
    }
    return say(number, call);
  }
}

void World::kill_program(std::uint32_t number) {
  if (one_in(4)) state_->program_hangs(number);
  end_program(number);
  state_->program_died(number);
}

void World::say_bye(std::uint32_t number) {
  programs_[number].connected = false;  // it reads no more
  programs_[number].inbox.clear();
  end_program(number);
  if (state_->ledger().programs().contains(number)) state_->program_died(number, wire::Death::exited);
}

void World::connect(std::uint32_t number) {
  SimProgram& program = programs_[number];
  program.connected = true;
  wire::Hello hello;
  hello.program = number;
  hello.os_process = static_cast<std::int32_t>(number % 20);
  hello.processes.assign(program.processes.begin(), program.processes.end());
  hello.watched.assign(program.watched.begin(), program.watched.end());
  hello.names_watched = program.names_watched;
  state_->connected(hello);
  for (const auto& [pid, keeper] : keepers_) keeper->look_after_own_processes();
}

void World::end_process(std::uint32_t number) {
  SimProgram& program = programs_[number];
  if (program.processes.empty()) return;
  end_process(Pid{number, *std::next(program.processes.begin(), pick(program.processes.size()))});
}

void World::end_process(Pid pid) {
  keepers_.erase(pid);
  programs_[pid.program].processes.erase(pid.index);
  exits_[++last_request_] = pid;
  if (!programs_[pid.program].connected) return;  // its next Hello tells
  say(pid.program, wire::ProcessExited{last_request_, pid.index, "reason", one_in(2)});
}

void World::give_away(std::uint32_t number) {
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (!table.facts.owner || table.facts.owner->program != number || one_in(3)) continue;
    if (!truly_alive(*table.facts.owner) || keepers_.contains(*table.facts.owner)) continue;
    wire::GiveAway call;
    call.id = id;
    call.giver = *table.facts.owner;
    call.receiver = one_in(3) ? wire::PidOrName(some_name()) : wire::PidOrName(some_pid());
    call.gift = "gift";
    return say(number, call);
  }
}

void World::change_spec(std::uint32_t number) {
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (one_in(4)) return say(number, wire::FixTable{0, id, some_process_of(number), !one_in(3)});
  }
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (one_in(2) || !table.facts.owner || table.facts.owner->program != number) continue;
    const Pid owner = *table.facts.owner;
    if (one_in(2)) return say(number, wire::ProtectTable{0, id, owner, static_cast<Protection>(pick(3))});
    // The names of managed tables mean something to their managers.
    if (table.facts.spec.name.starts_with("table"))
      return say(number, wire::RenameTable{0, id, owner, "table" + std::to_string(pick(8)), one_in(2)});
  }
}

void World::set_heir(std::uint32_t number) {
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (!table.facts.owner || table.facts.owner->program != number || one_in(2)) continue;
    if (keepers_.contains(*table.facts.owner)) continue;
    wire::SetHeir call;
    call.id = id;
    call.caller = *table.facts.owner;
    if (!one_in(4)) call.heir = some_heir();
    // Who makes a table manager inherit without a word has taken the table from it.
    if (call.heir && table.facts.spec.name.starts_with("kept")) call.heir->data = "heir data";
    heirs_chosen_.insert({id, table.facts.generation});
    return say(number, call);
  }
}

void World::drop_table(std::uint32_t number) {
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (one_in(2)) continue;
    const bool may = !table.facts.owner || table.facts.owner->program == number ||
                     table.facts.spec.protection == Protection::public_access;
    if (may) may_vanish_.insert(id);
    wire::DropTable call;
    call.id = id;
    call.caller = table.facts.owner && table.facts.owner->program == number ? *table.facts.owner : Pid{number, 0};
    return say(number, call);
  }
}

wire::HeirSpec World::some_heir() {
  wire::HeirSpec heir;
  heir.process = one_in(3) ? wire::PidOrName(some_name()) : wire::PidOrName(some_pid());
  if (!one_in(4)) heir.data = "heir data";
  while (one_in(2)) heir.successors.push_back(some_name());
  heir.quiet = one_in(4);
  if (one_in(3)) heir.crash_limit = wire::CrashLimit{1 + pick(3), 500'000'000};
  return heir;
}

}  // namespace heirloom::node
