// SPDX-License-Identifier: Apache-2.0
//
// World: programs, processes, tables and operators around a ManagerState, without any input or output. What happens next is chosen by
// a seed; what must hold whatever happens is checked on the way and whenever all has come to rest. manager_simulation_test.cpp
// says why.
#pragma once

#include <cstdlib>
#include <deque>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "node/manager_state.hpp"
#include "node/manager_world_parts.hpp"

namespace heirloom::node {

class World final : public ManagerEffects {
 public:
  explicit World(std::uint32_t seed) : random_(seed) { restart_manager(); }

  void step() {
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
  }

  // Everybody comes back, reads everything, and what follows from it; then the invariants must hold.
  void settle() {
    manager_dies_in_ = -1;
    shortage_ = false;
    state_->try_again();
    EXPECT_EQ(state_->segments_behind(), 0U);
    for (bool moved = true; moved;) {
      moved = false;
      serve_candidates();
      for (auto& [number, program] : programs_) {
        if (!program.connected) {
          connect(number);
          moved = true;
        }
        while (!program.inbox.empty()) {
          read_one(number);
          moved = true;
        }
      }
    }
    check_at_rest();
  }

 private:
  // Table managers look for users, and find those that wait.
  void serve_candidates() {
    for (const auto& [number, program] : programs_) {
      if (program.connected) hand_over(number, true);
    }
  }

  // -- ManagerEffects, each of which the manager may die before or after --
  void send(std::uint32_t program, const wire::ToProgram& message) override {
    maybe_die();
    ASSERT_TRUE(programs_.contains(program) && programs_[program].connected) << "a message to nobody";
    if (const auto* transfer = std::get_if<wire::Transfer>(&message)) {
      const auto segment = segments_.find(transfer->table.id);
      EXPECT_TRUE(taken_away_.contains(transfer->table.id) ||
                  (segment->second.owner == transfer->to && segment->second.generation == transfer->table.generation))
          << "a transfer was sent while the segment named another owner";
    } else if (const auto* died = std::get_if<wire::ProcessDied>(&message)) {
      expect_no_table_of(died->pid);
    } else if (const auto* reply = std::get_if<wire::Reply>(&message);
               reply != nullptr && exits_.contains(reply->request)) {
      expect_no_table_of(exits_[reply->request]);
    }
    programs_[program].inbox.push_back(message);
    maybe_die();
  }
  Status record(std::span<const Record> records) override {
    maybe_die();
    if (journal_behind_) rewrite_journal();
    if (one_in(200)) {
      journal_behind_ = true;
      return fail(ErrorCode::full, "the journal is full");
    }
    for (const Record& record : records) journal_.push_back(wire::encode(record));
    maybe_die();
    return {};
  }
  Status create_segment(const wire::TableFacts& table) override {
    maybe_die();
    EXPECT_TRUE(ids_given_.insert(table.id).second || !confirmed_.contains(table.id)) << "L3: an id given twice";
    if (shortage_) return fail(ErrorCode::system_limit, "no descriptor is left");
    segments_[table.id] = {.open = true};
    maybe_die();
    return {};
  }
  Status open_segment(const std::string& id) override {
    const auto found = segments_.find(id);
    if (found == segments_.end() || found->second.deleted) return fail(ErrorCode::not_found, "it is gone");
    SimSegment& segment = found->second;
    if (segment.open) return {};
    if (segment.spoiled) return fail(ErrorCode::corrupt, "it is spoiled");
    if (shortage_) return fail(ErrorCode::system_limit, "no descriptor is left");
    segment.open = true;
    return {};
  }
  Result<std::uint64_t> set_owner(const wire::TableFacts& table) override {
    maybe_die();
    if (auto opened = open_segment(table.id); !opened) return std::move(opened).failure();
    SimSegment& segment = segments_[table.id];
    if (segment.generation > table.generation) return segment.generation;
    segment.owner = table.owner;
    segment.generation = table.generation;
    segment.quarantined = table.quarantine.has_value();
    segment.left_behind = false;
    // A process of an absent program may be given a table after its death.
    for (auto& [number, program] : programs_) program.dead.erase(table.owner.value_or(Pid{}));
    maybe_die();
    return table.generation;
  }
  Status delete_segment(const std::string& id) override {
    maybe_die();
    if (confirmed_.contains(id) && !may_vanish_.contains(id)) {
      const Ledger::Table* table = state_->ledger().table(id);
      if (table == nullptr) {
        ADD_FAILURE() << "table " << id << " is deleted, and nobody asked for it";
        return {};
      }
      EXPECT_FALSE(table->facts.spec.node_table) << "a node table was deleted, and nobody asked for it";
      EXPECT_TRUE(!table->facts.owner || !truly_alive(*table->facts.owner))
          << "a table was deleted under its living owner";
    }
    may_vanish_.insert(id);
    const auto found = segments_.find(id);
    if (found == segments_.end()) return {};
    if (shortage_ && !found->second.open && !found->second.spoiled) {
      found->second.deleted = true;
      maybe_die();
      return fail(ErrorCode::system_limit, "no descriptor is left");
    }
    segments_.erase(found);
    maybe_die();
    return {};
  }
  void set_aside_segment(const std::string& id, const Failure& why) override {
    maybe_die();
    EXPECT_TRUE(may_vanish_.contains(id)) << "table " << id << " was set aside: " << why.to_string();
    segments_.erase(id);
    maybe_die();
  }

  std::int64_t now() override { return ++now_; }
  void explain_ends() override {}
  void watch_beats(std::uint32_t /*program*/) override {}

  void expect_no_table_of(Pid dead) {
    for (const auto& [id, segment] : segments_) {
      const auto& transfers = state_->ledger().transfers();
      const bool passed = std::any_of(transfers.begin(), transfers.end(), [&, of = id](const auto& transfer) {
        return transfer.second.table == of && transfer.second.former == dead;
      });
      if (segment.left_behind && !passed) continue;
      EXPECT_NE(segment.owner, dead) << "a death was told while the segment " << id << " named the dead as owner";
    }
  }

  // -- what befalls segments --
  void begin_shortage() {
    shortage_ = true;
    for (auto& [id, segment] : segments_) segment.open = segment.open && one_in(3);
  }
  void spoil_segment() {
    if (segments_.empty()) return;
    const auto chosen = std::next(segments_.begin(), pick(segments_.size()));
    if (chosen->second.open) return;
    may_vanish_.insert(chosen->first);
    if (one_in(2)) {
      chosen->second.spoiled = true;
    } else {
      taken_away_.insert(chosen->first);
      segments_.erase(chosen);
    }
  }

  void maybe_die() {
    // Not while the journal lacks something: that double fault may cost what it lacks.
    if (journal_behind_) return;
    if (manager_dies_in_ > 0 && --manager_dies_in_ == 0) throw ManagerDied{};
  }

  // -- the next manager --
  void rewrite_journal() {
    journal_.clear();
    for (const Record& record : state_->ledger().snapshot()) journal_.push_back(wire::encode(record));
    journal_behind_ = false;
  }

  void restart_manager() {
    manager_dies_in_ = -1;
    if (journal_behind_) rewrite_journal();
    // Those who lose their connection have read all that came over it by the time that they look for another manager.
    for (auto& [number, program] : programs_) {
      program.connected = false;
      while (!program.inbox.empty()) read_one(number);
    }
    Ledger ledger;
    for (const std::string& record : journal_) ledger.apply(*wire::decode<Record>(record));
    Ledger compacted;
    for (const Record& record : ledger.snapshot()) compacted.apply(record);
    ASSERT_EQ(compacted.tables().size(), ledger.tables().size());
    journal_.clear();
    for (const Record& record : compacted.snapshot()) journal_.push_back(wire::encode(record));
    state_ = std::make_unique<ManagerState>(std::move(compacted), *this);

    std::vector<std::string> lost;
    for (const auto& [id, table] : state_->ledger().tables()) {
      if (!segments_.contains(id) || segments_[id].deleted) lost.push_back(id);
    }
    for (const std::string& id : lost) {
      EXPECT_TRUE(may_vanish_.contains(id)) << "table " << id << " lost its segment";
      state_->segment_lost(id);
    }
    for (auto& [id, segment] : segments_) {
      const Ledger::Table* table = state_->ledger().table(id);
      segment.open = false;
      segment.left_behind = segment.deleted || table == nullptr || table->facts.generation != segment.generation;
    }
    const std::map<std::string, SimSegment> found = segments_;
    for (const auto& [id, segment] : found) {
      if (state_->ledger().table(id) != nullptr) {
        state_->segment_found(id);
      } else {
        EXPECT_TRUE(segment.generation == 0 || segment.deleted) << "a table in use is not in the journal";
        may_vanish_.insert(id);
        state_->segment_left(id);
      }
    }
    for (const std::uint32_t program : state_->ledger().programs_mentioned()) {
      if (!programs_.contains(program)) state_->program_died(program);
    }
  }

  // -- what happens --
  void act() {
    if (one_in(3)) manager_dies_in_ = pick(12) + 1;
    if (programs_.size() < 2 || (programs_.size() < 6 && one_in(10))) {
      programs_.try_emplace(++last_program_);
      return connect(last_program_);
    }
    const std::uint32_t number = some_program();
    SimProgram& program = programs_[number];
    if (!program.connected) return one_in(3) ? connect(number) : void();
    if (!program.inbox.empty() && one_in(2)) return read_one(number);
    switch (pick(20)) {
      case 14: return one_in(2) ? operate() : void();
      case 15:
      case 16: return manage(number);
      case 17:
      case 18: return hand_over(number);
      case 19: return explain(number);
      case 0: return start_process(number);
      case 1: return end_process(number);
      case 2: return one_in(3) ? kill_program(number) : void();
      case 3:
      case 4: return make_table(number);
      case 5:
      case 6:
      case 7: return give_away(number);
      case 8: return set_heir(number);
      case 9: return one_in(4) ? drop_table(number) : void();
      case 10: return say(number, wire::RegisterName{0, some_name(), some_pid()});
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

  void say(std::uint32_t number, const wire::ToManager& message) {
    ASSERT_TRUE(state_->received(number, message)) << "message " << message.index() << " refused";
  }

  void connect(std::uint32_t number) {
    SimProgram& program = programs_[number];
    program.connected = true;
    wire::Hello hello;
    hello.program = number;
    hello.os_process = static_cast<std::int32_t>(number % 20);
    hello.processes.assign(program.processes.begin(), program.processes.end());
    hello.watched.assign(program.watched.begin(), program.watched.end());
    state_->connected(hello);
  }

  void start_process(std::uint32_t number) {
    SimProgram& program = programs_[number];
    program.processes.insert(++program.last_index);
    say(number, wire::ProcessStarted{program.last_index});
  }

  void end_process(std::uint32_t number) {
    SimProgram& program = programs_[number];
    if (program.processes.empty()) return;
    const std::uint32_t index = *std::next(program.processes.begin(), pick(program.processes.size()));
    program.processes.erase(index);
    exits_[++last_request_] = {number, index};
    say(number, wire::ProcessExited{last_request_, index, "reason", one_in(2)});
  }

  void kill_program(std::uint32_t number) {
    if (one_in(4)) state_->program_hangs(number);
    programs_.erase(number);
    state_->program_died(number);
  }

  void say_bye(std::uint32_t number) {
    programs_[number].connected = false;  // it reads no more
    programs_[number].inbox.clear();
    programs_.erase(number);
    if (state_->ledger().programs().contains(number)) state_->program_died(number, wire::Death::exited);
  }

  void make_table(std::uint32_t number) {
    wire::MakeTable call;
    call.caller = some_process_of(number);
    call.spec.name = "table" + std::to_string(pick(8));
    call.spec.node_table = one_in(2);
    call.or_open = call.spec.node_table;
    if (one_in(2)) call.heir = some_heir();
    say(number, call);
  }

  void give_away(std::uint32_t number) {
    for (const auto& [id, table] : state_->ledger().tables()) {
      if (!table.facts.owner || table.facts.owner->program != number || one_in(3)) continue;
      if (!truly_alive(*table.facts.owner)) continue;
      wire::GiveAway call;
      call.id = id;
      call.giver = *table.facts.owner;
      call.receiver = one_in(3) ? wire::PidOrName(some_name()) : wire::PidOrName(some_pid());
      call.gift = "gift";
      return say(number, call);
    }
  }

  void set_heir(std::uint32_t number) {
    for (const auto& [id, table] : state_->ledger().tables()) {
      if (!table.facts.owner || table.facts.owner->program != number || one_in(2)) continue;
      wire::SetHeir call;
      call.id = id;
      call.caller = *table.facts.owner;
      if (!one_in(4)) call.heir = some_heir();
      return say(number, call);
    }
  }

  // -- what operators do, of any table --
  void operate() {
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

  // -- a table manager: heir under a name, with candidates under others --
  static std::string manager_of(const std::string& table) { return "table_manager:" + table; }
  void manage(std::uint32_t number) {
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
  // Of what it holds, if its find_me finds somebody; who that is may be a lie.
  void hand_over(std::uint32_t number, bool honest = false) {
    for (const auto& [id, table] : state_->ledger().tables()) {
      const auto& facts = table.facts;
      if (!facts.owner || facts.owner->program != number || !truly_alive(*facts.owner)) continue;
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
  // Who waits for the table under a name that its manager knows.
  std::optional<Pid> waiting_for(const wire::TableFacts& facts) const {
    for (const std::string& name : facts.heir->successors) {
      const auto pid = state_->ledger().whereis(name);
      if (pid && truly_alive(*pid) && pid != facts.owner) return pid;
    }
    return std::nullopt;
  }

  // -- what becomes known of the dead, or of the living that are about to die --
  void explain(std::uint32_t number) {
    switch (pick(3)) {
      case 0: return state_->explain_end(last_program_ - pick(last_program_), static_cast<std::int32_t>(pick(256)));
      case 1: return say(number, wire::ReportExit{static_cast<std::int32_t>(pick(20)), 9});
      default: break;
    }
    for (const auto& [id, table] : state_->ledger().tables()) {
      if (one_in(2)) return say(number, wire::Repaired{id, table.facts.generation, pick(3), pick(3)});
    }
  }

  void drop_table(std::uint32_t number) {
    for (const auto& [id, table] : state_->ledger().tables()) {
      if (one_in(2)) continue;
      if (!table.facts.owner || table.facts.owner->program == number) may_vanish_.insert(id);
      wire::DropTable call;
      call.id = id;
      call.caller = table.facts.owner && table.facts.owner->program == number ? *table.facts.owner : Pid{number, 0};
      return say(number, call);
    }
  }

  void read_one(std::uint32_t number) {
    SimProgram& program = programs_[number];
    const wire::ToProgram message = std::move(program.inbox.front());
    program.inbox.pop_front();
    if (const auto* transfer = std::get_if<wire::Transfer>(&message)) {
      std::uint64_t& seen = program.seen[transfer->table.id];
      if (seen < transfer->table.generation) {
        seen = transfer->table.generation;
        EXPECT_FALSE(program.dead.contains(transfer->former)) << "a death was told before the table that it moved";
        EXPECT_TRUE(told_.insert({transfer->table.id, transfer->table.generation}).second) << "a transfer told twice";
      }
      if (program.connected) say(number, wire::TransferDone{transfer->transfer});
    } else if (const auto* died = std::get_if<wire::ProcessDied>(&message)) {
      EXPECT_TRUE(died->death == wire::Death::unknown || !truly_alive(died->pid))
          << "the death of a living process was told";
      EXPECT_TRUE(died->death == wire::Death::unknown || state_->ledger().tables_of(died->pid).empty())
          << "a death was told before its tables had moved";
      EXPECT_EQ(program.watched.erase(died->pid), 1U) << "a death told twice";
      if (!truly_alive(died->pid)) program.dead.insert(died->pid);
    } else if (const auto* reply = std::get_if<wire::Reply>(&message)) {
      if (const auto* answer = std::get_if<std::optional<wire::TableAnswer>>(&reply->answer);
          answer != nullptr && *answer) {
        confirmed_.insert((*answer)->table.id);
      }
    }
  }

  // -- what must be true when nothing is under way --
  void check_at_rest() {
    std::set<std::string> names;
    for (const auto& [id, table] : state_->ledger().tables()) {
      if (taken_away_.contains(id)) continue;  // nobody has looked for it since
      ASSERT_TRUE(segments_.contains(id)) << "table " << id << " has no segment";
      EXPECT_EQ(segments_[id].owner, table.facts.owner) << "table " << id;
      EXPECT_EQ(segments_[id].generation, table.facts.generation) << "table " << id;
      EXPECT_EQ(segments_[id].quarantined, table.facts.quarantine.has_value()) << "table " << id;
      EXPECT_FALSE(table.facts.quarantine && table.facts.owner) << "table " << id << " is set aside and owned";
      EXPECT_TRUE(names.insert(table.facts.spec.name).second) << "two tables of one name";
      EXPECT_EQ(state_->ledger().table_named(table.facts.spec.name), &table);
      check_lineage(table);
      check_candidates(id, table.facts);
      if (table.facts.owner) {
        EXPECT_TRUE(truly_alive(*table.facts.owner)) << "table " << id << " belongs to the dead";
      } else {
        EXPECT_TRUE(table.facts.spec.node_table) << "table " << id << " belongs to nobody";
      }
    }
    for (const auto& [id, segment] : segments_) {
      EXPECT_NE(state_->ledger().table(id), nullptr) << "segment " << id << " has no table";
    }
    for (const std::string& id : confirmed_) {
      EXPECT_TRUE(may_vanish_.contains(id) || state_->ledger().table(id) != nullptr) << "table " << id << " is lost";
    }
    EXPECT_TRUE(state_->ledger().transfers().empty()) << "a transfer was never acknowledged";
    for (const auto& [name, pid] : state_->ledger().names()) {
      EXPECT_TRUE(truly_alive(pid)) << "the name " << name << " belongs to the dead";
    }
    for (const auto& [number, program] : programs_) {
      for (const Pid pid : program.watched) EXPECT_TRUE(truly_alive(pid)) << "a death was never told";
    }
  }

  // Nobody waits for a table that lies with its manager.
  void check_candidates(const std::string& id, const wire::TableFacts& facts) {
    if (!facts.owner || !facts.heir || segments_[id].spoiled) return;
    if (state_->ledger().whereis(manager_of(facts.spec.name)) != facts.owner) return;
    EXPECT_FALSE(waiting_for(facts)) << "a candidate waits for the table " << id;
  }

  static void check_lineage(const Ledger::Table& table) {
    const auto& lineage = table.lineage;
    ASSERT_FALSE(lineage.empty());
    EXPECT_LE(lineage.size(), kLineageMax);
    EXPECT_EQ(lineage.back().owner, table.facts.owner);
    for (std::size_t i = 0; i + 1 < lineage.size(); ++i) {
      EXPECT_EQ(lineage[i].until, lineage[i + 1].since) << "a gap";
      EXPECT_LT(lineage[i].generation, lineage[i + 1].generation);
      EXPECT_NE(lineage[i].end, TenureEnd::owns);
    }
    EXPECT_EQ(lineage.back().end, TenureEnd::owns);
  }

  // -- chance --
  std::uint32_t pick(std::size_t below) { return static_cast<std::uint32_t>(random_() % below); }
  bool one_in(std::uint32_t count) { return pick(count) == 0; }
  std::uint32_t some_program() { return std::next(programs_.begin(), pick(programs_.size()))->first; }
  Pid some_process_of(std::uint32_t number) {
    const auto& processes = programs_[number].processes;
    if (processes.empty() || one_in(3)) return {number, 0};
    return {number, *std::next(processes.begin(), pick(processes.size()))};
  }
  Pid some_pid() {
    if (one_in(10)) return {pick(last_program_) + 1, 1000 + pick(4)};  // never born
    if (one_in(10)) return {last_program_ - pick(last_program_), 0};   // perhaps dead
    return some_process_of(some_program());
  }
  std::string some_name() { return "name" + std::to_string(pick(5)); }
  wire::HeirSpec some_heir() {
    wire::HeirSpec heir;
    heir.process = one_in(3) ? wire::PidOrName(some_name()) : wire::PidOrName(some_pid());
    if (!one_in(4)) heir.data = "heir data";
    while (one_in(2)) heir.successors.push_back(some_name());
    heir.quiet = one_in(4);
    if (one_in(3)) heir.crash_limit = wire::CrashLimit{1 + pick(3), 200};
    return heir;
  }
  bool truly_alive(Pid pid) const {
    const auto program = programs_.find(pid.program);
    return program != programs_.end() && (pid.index == 0 || program->second.processes.contains(pid.index));
  }

  std::mt19937 random_;
  std::unique_ptr<ManagerState> state_;
  std::vector<std::string> journal_;
  std::map<std::string, SimSegment> segments_;
  std::map<std::uint32_t, SimProgram> programs_;  // the living
  std::uint32_t last_program_ = 0;
  int manager_dies_in_ = -1;
  bool journal_behind_ = false;
  bool shortage_ = false;
  std::int64_t now_ = 0;
  std::uint64_t last_request_ = 0;
  std::map<std::uint64_t, Pid> exits_;  // of the requests that tell them

  std::set<std::string> ids_given_;
  std::set<std::string> confirmed_;   // somebody was told that it exists
  std::set<std::string> taken_away_;  // its file was
  std::set<std::string> may_vanish_;  // its deletion was asked for, or rightly began
  std::set<std::pair<std::string, std::uint64_t>> told_;
};

}  // namespace heirloom::node
