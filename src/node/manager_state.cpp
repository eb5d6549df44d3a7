// SPDX-License-Identifier: Apache-2.0
//
// Programs, processes, names and signals; manager_tables.cpp has the tables.
#include "node/manager_state.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "heirloom/atom.hpp"

#include "node/refusal.hpp"
#include "term/utf8.hpp"

namespace heirloom::node {

namespace {

// Names travel as text. One that other programs will read must be an atom there.
bool is_atom(const std::string& name) {
  const auto characters = term::utf8_characters(name);
  return characters && *characters <= Atom::kCharactersMax;
}
bool is_atom(const wire::PidOrName& process) {
  const auto* name = std::get_if<std::string>(&process);
  return name == nullptr || is_atom(*name);
}
bool has_atoms(const std::optional<wire::HeirSpec>& heir) {
  return !heir || (is_atom(heir->process) && std::all_of(heir->successors.begin(), heir->successors.end(),
                                                         [](const std::string& name) { return is_atom(name); }));
}
template <typename Message>
bool names_are_atoms(const Message& message) {
  if constexpr (std::is_same_v<Message, wire::RegisterName> || std::is_same_v<Message, wire::RenameTable>) {
    return is_atom(message.name);
  } else if constexpr (std::is_same_v<Message, wire::MakeTable>) {
    return is_atom(message.spec.name) && has_atoms(message.heir);
  } else if constexpr (std::is_same_v<Message, wire::SetHeir>) {
    return has_atoms(message.heir);
  } else {
    return true;
  }
}

std::string text_of(Pid pid) { return "<0." + std::to_string(pid.program) + '.' + std::to_string(pid.index) + '>'; }

}  // namespace

ManagerState::ManagerState(Ledger ledger, ManagerEffects& effects) : ledger_(std::move(ledger)), effects_(effects) {
  for (const auto& [program, os_process] : ledger_.programs()) programs_.try_emplace(program);
}

bool ManagerState::is_alive(Pid pid) const {
  const auto found = programs_.find(pid.program);
  if (found == programs_.end()) return false;
  if (pid.index == 0 || !found->second.connected) return true;
  return found->second.processes.contains(pid.index);
}

void ManagerState::send(std::uint32_t program, const wire::ToProgram& message) {
  const auto found = programs_.find(program);
  if (found != programs_.end() && found->second.connected) effects_.send(program, message);
}

Status ManagerState::try_commit(std::span<const Record> records) {
  HEIRLOOM_CHECK(effects_.record(records), "journal");
  for (const Record& record : records) ledger_.apply(record);
  return {};
}

void ManagerState::commit(const Record& record) {
  // A full journal does not stop a death. The manager writes the journal anew, from the ledger, before it records more.
  static_cast<void>(effects_.record({&record, 1}).ok());
  ledger_.apply(record);
}

// -- programs come and go --

void ManagerState::connected(const wire::Hello& hello) {
  const auto known = ledger_.programs().find(hello.program);
  if (!programs_.contains(hello.program) || known == ledger_.programs().end() || known->second != hello.os_process) {
    commit(ProgramSeen{hello.program, hello.os_process});
  }
  forget_watches_of(hello.program);
  Program& program = programs_[hello.program];
  program.connected = true;
  program.processes = {hello.processes.begin(), hello.processes.end()};
  program.watched.clear();
  program.names_watched = hello.names_watched;

  // Processes that the ledger, or somebody who watches, still believes in ended while nobody listened.
  std::set<Pid> believed;
  for (const auto& [name, pid] : ledger_.names()) believed.insert(pid);
  for (const auto& [pid, watchers] : watchers_) believed.insert(pid);
  for (const auto& [id, table] : ledger_.tables()) {
    if (table.facts.owner) believed.insert(*table.facts.owner);
    for (const wire::Fixation& fixation : table.facts.fixations) believed.insert(fixation.process);
  }
  for (const Pid pid : believed) {
    if (pid.program == hello.program && !is_alive(pid))
      process_died(pid, wire::Death::killed, {TenureEnd::unknown, {}});
  }

  // In the order in which they were made, and before any death, so that a receiver sees them as it would have without the
  // manager's death.
  std::vector<std::uint64_t> waiting;
  for (const auto& [number, transfer] : ledger_.transfers()) {
    if (transfer.to.program == hello.program && !behind_.contains(transfer.table)) waiting.push_back(number);
  }
  for (const std::uint64_t number : waiting) send_transfer(number);
  for (const Pid pid : hello.watched) watch(hello.program, pid);
  for (const std::string& id : hello.expected) {
    if (ledger_.table(id) == nullptr) {
      send(hello.program, wire::TableDeleted{id});
    } else {
      expecting_[id].insert(hello.program);
    }
  }
  if (program.names_watched) send(hello.program, wire::NamesChanged{});
  if (hello.has_watchdogs) effects_.watch_beats(hello.program);
}

void ManagerState::program_found(std::uint32_t program) {
  if (!programs_.try_emplace(program).second) return;
  commit(ProgramSeen{program});
}

void ManagerState::disconnected(std::uint32_t program) {
  forget_watches_of(program);
  forget_expectations_of(program);
  const auto found = programs_.find(program);
  if (found == programs_.end()) return;
  // What is known of its end stays known.
  Program absent;
  absent.hangs = found->second.hangs;
  absent.status = found->second.status;
  found->second = std::move(absent);
}

void ManagerState::forget_expectations_of(std::uint32_t program) {
  for (auto& [id, programs] : expecting_) programs.erase(program);
  std::erase_if(expecting_, [](const auto& entry) { return entry.second.empty(); });
}

void ManagerState::forget_watches_of(std::uint32_t program) {
  const auto found = programs_.find(program);
  if (found == programs_.end()) return;
  for (const Pid pid : found->second.watched) {
    const auto watchers = watchers_.find(pid);
    if (watchers == watchers_.end()) continue;
    watchers->second.erase(program);
    if (watchers->second.empty()) watchers_.erase(watchers);
  }
  found->second.watched.clear();
}

template <typename Predicate>
void ManagerState::release_fixations(Predicate ended) {
  std::vector<std::pair<std::string, Pid>> released;
  for (const auto& [id, table] : ledger_.tables()) {
    for (const wire::Fixation& fixation : table.facts.fixations) {
      if (ended(fixation.process)) released.emplace_back(id, fixation.process);
    }
  }
  for (const auto& [id, process] : released) {
    commit(FixationChanged{id, process, 0, effects_.now()});
    write_segment(id);
  }
}

void ManagerState::program_died(std::uint32_t program, wire::Death how) {
  // Its processes are dead from here on: none of them inherits from another.
  forget_watches_of(program);
  const auto found = programs_.find(program);
  std::optional<std::int32_t> status;
  TenureEnd end = how == wire::Death::exited ? TenureEnd::closed : TenureEnd::killed;
  if (found != programs_.end()) {
    status = found->second.status;
    if (found->second.hangs) end = TenureEnd::hung;
  }
  programs_.erase(program);

  release_fixations([program](Pid pid) { return pid.program == program; });
  const Ending ending{end, {}};
  std::map<Pid, std::set<std::string>> waiting;  // who must be told of, and for which tables that waits
  for (const std::string& id : ledger_.tables_of_program(program)) {
    const Pid owner = *ledger_.table(id)->facts.owner;
    settle_table(id, owner, ending);
    if (behind_.contains(id)) waiting[owner].insert(id);
  }
  const auto names = ledger_.names_of_program(program);
  free_names({names.begin(), names.end()});

  for (const auto& [pid, watchers] : watchers_) {
    if (pid.program == program) waiting.try_emplace(pid);
  }
  for (auto& [pid, tables] : waiting) {
    if (mourning_of(pid) == nullptr) mourn({pid, how, {}, std::move(tables), {}});
  }
  forget_expectations_of(program);
  if (ledger_.programs().contains(program))
    commit(ProgramGone{program, effects_.now(), end, names.empty() ? "" : names.front()});
  if (status) explain_end(program, *status);
}

void ManagerState::program_hangs(std::uint32_t program) {
  if (const auto found = programs_.find(program); found != programs_.end()) found->second.hangs = true;
}

void ManagerState::explain_end(std::uint32_t program, std::int32_t status) {
  if (const auto found = programs_.find(program); found != programs_.end()) {
    found->second.status = status;
  } else if (ledger_.is_unexplained(program)) {
    commit(EndExplained{program, status});
  }
}

void ManagerState::process_died(Pid pid, wire::Death how, const Ending& ending) {
  if (mourning_of(pid) != nullptr) return;
  const auto program = programs_.find(pid.program);
  if (program != programs_.end()) program->second.processes.erase(pid.index);

  release_fixations([pid](Pid other) { return other == pid; });
  std::set<std::string> waiting;
  for (const std::string& id : ledger_.tables_of(pid)) {
    settle_table(id, pid, ending);
    if (behind_.contains(id)) waiting.insert(id);
  }
  std::set<std::string> names;
  for (const auto& [name, owner] : ledger_.names()) {
    if (owner == pid) names.insert(name);
  }
  free_names(names);
  mourn({pid, how, ending.reason, std::move(waiting), {}});
}

// -- deaths are told when all tables have moved --

void ManagerState::mourn(Mourning mourning) {
  // A former manager may have begun to move its tables.
  for (const auto& [number, transfer] : ledger_.transfers()) {
    if (transfer.former == mourning.dead && behind_.contains(transfer.table)) mourning.tables.insert(transfer.table);
  }
  if (mourning.tables.empty()) return tell_of(mourning);
  mourned_.push_back(std::move(mourning));
}

ManagerState::Mourning* ManagerState::mourning_of(Pid dead) {
  const auto found = std::find_if(mourned_.begin(), mourned_.end(), [&](const auto& one) { return one.dead == dead; });
  return found == mourned_.end() ? nullptr : &*found;
}

void ManagerState::caught_up(const std::string& id) {
  behind_.erase(id);
  std::vector<Mourning> over;
  for (auto one = mourned_.begin(); one != mourned_.end();) {
    one->tables.erase(id);
    if (!one->tables.empty()) {
      ++one;
    } else {
      over.push_back(std::move(*one));
      one = mourned_.erase(one);
    }
  }
  for (const Mourning& mourning : over) tell_of(mourning);
}

void ManagerState::tell_of(const Mourning& mourning) {
  tell_watchers(mourning.dead, mourning.how, mourning.reason);
  if (mourning.request) send(mourning.dead.program, wire::Reply{*mourning.request, wire::Done{}});
}

void ManagerState::free_names(const std::set<std::string>& names) {
  for (const std::string& name : names) commit(NameFreed{name});
  if (!names.empty()) announce_names();
}

void ManagerState::announce_names() {
  for (const auto& [number, program] : programs_) {
    if (program.names_watched) send(number, wire::NamesChanged{});
  }
}

void ManagerState::tell_watchers(Pid dead, wire::Death how, const wire::TermBytes& reason) {
  const auto found = watchers_.find(dead);
  if (found == watchers_.end()) return;
  const std::set<std::uint32_t> watchers = std::move(found->second);
  watchers_.erase(found);
  for (const std::uint32_t program : watchers) {
    programs_[program].watched.erase(dead);
    send(program, wire::ProcessDied{dead, how, reason});
  }
}

void ManagerState::watch(std::uint32_t program, Pid pid) {
  watchers_[pid].insert(program);
  programs_[program].watched.insert(pid);
  if (!is_alive(pid) && mourning_of(pid) == nullptr) mourn({pid, wire::Death::unknown, {}, {}, {}});
}

// -- messages --

bool ManagerState::received(std::uint32_t program, const wire::ToManager& message) {
  if (!programs_.contains(program)) return false;
  return std::visit(
      [&](const auto& one) {
        if (!names_are_atoms(one)) return false;
        if constexpr (std::is_same_v<decltype(on(program, one)), bool>) {
          return on(program, one);
        } else {
          wire::Answer answer = on(program, one);
          send(program, wire::Reply{one.request, std::move(answer)});
          return true;
        }
      },
      message);
}

bool ManagerState::on(std::uint32_t program, const wire::Hello& hello) {
  if (hello.program != program) return false;
  connected(hello);
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::Bye& /*bye*/) {
  program_died(program, wire::Death::exited);
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::ProcessStarted& started) {
  if (started.index != 0) programs_[program].processes.insert(started.index);
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::ProcessExited& exited) {
  if (exited.index == 0) return false;  // the root process ends with its program
  const Pid pid{program, exited.index};
  process_died(pid, wire::Death::exited, {exited.crashed ? TenureEnd::crashed : TenureEnd::exited, exited.reason});
  if (Mourning* waiting = mourning_of(pid)) {
    waiting->request = exited.request;
  } else {
    send(program, wire::Reply{exited.request, wire::Done{}});
  }
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::Forward& forward) {
  if (forward.from.program != program) return false;
  send(forward.to.program, forward);
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::Watch& call) {
  watch(program, call.pid);
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::Unwatch& unwatch) {
  programs_[program].watched.erase(unwatch.pid);
  const auto found = watchers_.find(unwatch.pid);
  if (found == watchers_.end()) return true;
  found->second.erase(program);
  if (found->second.empty()) watchers_.erase(found);
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::WatchNames& /*watch*/) {
  programs_[program].names_watched = true;
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::TransferDone& done) {
  const auto found = ledger_.transfers().find(done.transfer);
  if (found == ledger_.transfers().end()) return true;  // said twice, or the table has gone on since
  if (found->second.to.program != program) return false;
  commit(TransferEnded{done.transfer});
  return true;
}

bool ManagerState::on(std::uint32_t program, const wire::WatchdogStarted& /*started*/) {
  effects_.watch_beats(program);
  return true;
}

bool ManagerState::on(std::uint32_t /*program*/, const wire::ReportExit& report) {
  for (const auto& [program, os_process] : ledger_.programs()) {
    if (os_process != report.os_process) continue;
    explain_end(program, report.status);
    return true;
  }
  if (const auto program = ledger_.unexplained_program(report.os_process)) explain_end(*program, report.status);
  return true;
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::IsAlive& call) {
  return is_alive(call.pid) || mourning_of(call.pid) != nullptr;
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::Whereis& call) {
  return ledger_.whereis(call.name);
}

wire::Answer ManagerState::on(std::uint32_t program, const wire::RegisterName& call) {
  const auto taken = ledger_.whereis(call.name);
  // A call that was sent again because its answer was lost.
  if (taken == call.pid) return expect_tables(program, call);
  if (taken) {
    return refused(ErrorCode::already_exists, "the name \"" + call.name + "\" belongs to " + text_of(*taken));
  }
  if (!is_alive(call.pid)) return refused(ErrorCode::noproc, "there is no process " + text_of(call.pid));
  if (call.name == "undefined") return refused(ErrorCode::badarg, "\"undefined\" names nobody");
  if (const auto other = ledger_.name_of(call.pid)) {
    return refused(ErrorCode::badarg, text_of(call.pid) + " has the name \"" + *other + "\" already");
  }
  if (auto recorded = try_commit(NameGiven{call.name, call.pid}); !recorded) {
    return refused(recorded.failure());
  }
  announce_names();
  return expect_tables(program, call);
}

wire::Answer ManagerState::on(std::uint32_t /*program*/, const wire::UnregisterName& call) {
  if (!ledger_.whereis(call.name)) {
    return refused(ErrorCode::badarg, "nobody has the name \"" + call.name + '"');
  }
  if (auto recorded = try_commit(NameFreed{call.name}); !recorded) {
    return refused(recorded.failure());
  }
  announce_names();
  return wire::Done{};
}

}  // namespace heirloom::node
