// SPDX-License-Identifier: Apache-2.0
//
// World: programs, processes, tables and operators around a ManagerState, without any input or output. What happens next is chosen by
// a seed; what must hold whatever happens is checked on the way and whenever all has come to rest. manager_simulation_test.cpp
// says why.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "node/manager_state.hpp"
#include "node/manager_world_keeper.hpp"
#include "node/manager_world_parts.hpp"

namespace heirloom::node {

class World final : public ManagerEffects {
 public:
  explicit World(std::uint32_t seed) : random_(seed) { restart_manager(); }

  void step();

  // Everybody comes back, reads everything, and what follows from it; then the invariants must hold.
  void settle();

 private:
  friend class SimKeeper;
  void come_to_rest();
  // Until the first table manager wants to look again.
  bool pass_time();

  // -- table managers --
  std::vector<Pid> keeper_pids() const {
    std::vector<Pid> pids;
    for (const auto& [pid, keeper] : keepers_) pids.push_back(pid);
    return pids;
  }
  void start_keeper(std::uint32_t number);
  // Whether it had something to do.
  bool step_keeper(Pid pid);
  void tell_keepers_of(Pid dead, std::uint32_t program) {
    for (const auto& [pid, keeper] : keepers_) {
      if (pid.program == program) keeper->died(dead);
    }
  }
  void note(const wire::Answer& answer) {
    const auto* found = std::get_if<std::optional<wire::TableAnswer>>(&answer);
    if (found != nullptr && *found) confirmed_.insert((*found)->table.id);
  }

  // Table managers look for users, and find those that wait.
  void serve_candidates() {
    for (const auto& [number, program] : programs_) {
      if (program.connected) hand_over(number, true);
    }
  }

  // -- ManagerEffects, each of which the manager may die before or after --
  void send(std::uint32_t program, const wire::ToProgram& message) override;
  Status record(std::span<const Record> records) override;
  Status create_segment(const wire::TableFacts& table) override;
  Status open_segment(const std::string& id) override;
  Result<std::uint64_t> set_owner(const wire::TableFacts& table) override;
  Status delete_segment(const std::string& id) override;
  void set_aside_segment(const std::string& id, const Failure& why) override;

  std::int64_t now() override { return ++clock_; }
  void explain_ends() override {}
  void tell_repair(const std::string& /*table*/, const wire::Repair& /*repair*/) override {}
  void watch_beats(std::uint32_t /*program*/) override {}

  void expect_no_table_of(Pid dead);

  // -- what befalls segments --
  void begin_shortage();
  void spoil_segment();
  void maybe_die() {
    // Not while the journal lacks something: that double fault may cost what it lacks.
    if (journal_behind_) return;
    if (manager_dies_in_ > 0 && --manager_dies_in_ == 0) throw ManagerDied{};
  }

  // -- the next manager --
  void rewrite_journal();
  void restart_manager();

  // -- what happens --
  void act();
  void say(std::uint32_t number, const wire::ToManager& message) {
    ASSERT_TRUE(state_->received(number, message)) << "message " << message.index() << " refused";
  }

  void connect(std::uint32_t number);
  Pid start_process(std::uint32_t number) {
    SimProgram& program = programs_[number];
    const Pid pid{number, ++program.last_index};
    program.processes.insert(pid.index);
    say(number, wire::ProcessStarted{pid.index});
    return pid;
  }

  void end_process(std::uint32_t number);
  void end_process(Pid pid);
  void end_program(std::uint32_t number) {
    programs_.erase(number);
    std::erase_if(keepers_, [&](const auto& keeper) { return keeper.first.program == number; });
  }

  void kill_program(std::uint32_t number);
  void say_bye(std::uint32_t number);
  void make_table(std::uint32_t number) {
    wire::MakeTable call;
    call.caller = some_process_of(number);
    call.spec.name = "table" + std::to_string(pick(8));
    call.spec.node_table = one_in(2);
    call.or_open = call.spec.node_table;
    if (one_in(2)) call.heir = some_heir();
    say(number, call);
  }

  void give_away(std::uint32_t number);
  void set_heir(std::uint32_t number);
  void change_spec(std::uint32_t number);

  // -- what operators do, of any table --
  void operate();

  // -- a table manager: heir under a name, with candidates under others --
  static std::string manager_of(const std::string& table) { return "table_manager:" + table; }
  void manage(std::uint32_t number);
  // Of what it holds, if its find_me finds somebody; who that is may be a lie.
  void hand_over(std::uint32_t number, bool honest = false);
  // Who waits for the table under a name that its manager knows.
  std::optional<Pid> waiting_for(const wire::TableFacts& facts) const;

  // -- what becomes known of the dead, or of the living that are about to die --
  void explain(std::uint32_t number);
  std::vector<wire::Repair> some_repairs();
  void drop_table(std::uint32_t number);
  void read_one(std::uint32_t number);

  // -- what must be true when nothing is under way --
  void check_at_rest();

  // Nobody waits for a table that lies with its manager.
  void check_candidates(const std::string& id, const wire::TableFacts& facts);
  static void check_lineage(const Ledger::Table& table);

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
  wire::HeirSpec some_heir();
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
  std::int64_t clock_ = 0;  // nanoseconds
  std::map<Pid, std::unique_ptr<SimKeeper>> keepers_;
  std::uint64_t last_request_ = 0;
  std::map<std::uint64_t, Pid> exits_;  // of the requests that tell them

  std::set<std::string> ids_given_;
  std::set<std::string> confirmed_;                               // somebody was told that it exists
  std::set<std::string> taken_away_;                              // its file was
  std::set<std::string> may_vanish_;                              // its deletion was asked for, or rightly began
  std::set<std::pair<std::string, std::uint64_t>> told_;          // transfers: table and generation
  std::set<std::pair<std::string, std::uint64_t>> heirs_chosen_;  // by the owner of that generation
};

}  // namespace heirloom::node
