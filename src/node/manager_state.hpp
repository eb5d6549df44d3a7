// SPDX-License-Identifier: Apache-2.0
//
// ManagerState: every decision of a manager, without any input or output, so that a test can play a year of deaths in a
// second. What happens to it comes in as calls, what it wants done goes out through ManagerEffects.
//
// The rules are ETS': when a process ends, its tables are settled first, in the order in which it acquired them - each goes
// to its heir if that is alive and another process, else a node table falls to the node, else the table is deleted. Then its
// names vanish, then those who watch it are told. When a program ends, all its processes end in one moment: none of them
// inherits from another.
//
// **Absent programs.** After a manager's death the next one knows from the ledger which programs there were. One that is
// alive but not back yet is absent: its processes count as alive, since nobody knows better, and what they must be told
// waits in the ledger. When it comes back it says which processes live, and the others have ended then.
//
// **Order of effects** (this is what makes a manager's death harmless): a new owner is recorded, then written to the segment,
// then told. A table that is deleted loses its file first: the next manager takes a table without a file for deleted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/result.hpp"
#include "node/ledger.hpp"
#include "wire/messages.hpp"

namespace heirloom::node {

class ManagerEffects {
 public:
  virtual ~ManagerEffects() = default;
  // To a connected program, in the order of the calls.
  virtual void send(std::uint32_t program, const wire::ToProgram& message) = 0;
  // In the journal, together or not at all.
  virtual Status record(std::span<const Record> records) = 0;
  virtual Status create_segment(const wire::TableFacts& table) = 0;
  virtual void set_owner(const wire::TableFacts& table) = 0;
  virtual void delete_segment(const std::string& id) = 0;
};

class ManagerState {
 public:
  ManagerState(Ledger ledger, ManagerEffects& effects);

  // A program has said Hello. The caller knows that it is alive, and has answered Welcome.
  void connected(const wire::Hello& hello);
  // Its connection ended, but not its life.
  void disconnected(std::uint32_t program);
  // False when the message breaks the protocol: the caller ends the connection.
  [[nodiscard]] bool received(std::uint32_t program, const wire::ToManager& message);
  // It has ended, or said Bye; may be called again.
  void program_died(std::uint32_t program, wire::Death how = wire::Death::killed);

  // A table that has a segment but is not in the ledger, because the journal was lost.
  void adopt(const wire::TableFacts& table);
  // A segment that has had more owners than the ledger knows of: a record of the last one could not be written before the
  // manager died. Its owner becomes the owner of a generation that nobody had yet.
  void catch_up(const std::string& id, std::uint64_t generation);
  // A program that the ledger mentions and that is alive, but not recorded: as above.
  void program_found(std::uint32_t program);
  // A table of the ledger whose segment is gone.
  void segment_lost(const std::string& id);

  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] bool is_alive(Pid pid) const;

 private:
  struct Program {
    bool connected = false;
    std::set<std::uint32_t> processes;  // spawned ones
    std::set<Pid> watched;
    bool names_watched = false;
  };

  // One for each message; the ones that are calls return their answer.
  bool on(std::uint32_t program, const wire::Hello& hello);
  bool on(std::uint32_t program, const wire::Bye& bye);
  bool on(std::uint32_t program, const wire::ProcessStarted& started);
  bool on(std::uint32_t program, const wire::ProcessExited& exited);
  bool on(std::uint32_t program, const wire::Forward& forward);
  bool on(std::uint32_t program, const wire::Watch& watch);
  bool on(std::uint32_t program, const wire::Unwatch& unwatch);
  bool on(std::uint32_t program, const wire::WatchNames& watch);
  bool on(std::uint32_t program, const wire::TransferDone& done);
  wire::Answer on(std::uint32_t program, const wire::IsAlive& call);
  wire::Answer on(std::uint32_t program, const wire::RegisterName& call);
  wire::Answer on(std::uint32_t program, const wire::UnregisterName& call);
  wire::Answer on(std::uint32_t program, const wire::Whereis& call);
  wire::Answer on(std::uint32_t program, const wire::MakeTable& call);
  wire::Answer on(std::uint32_t program, const wire::FindTable& call);
  wire::Answer on(std::uint32_t program, const wire::DescribeTable& call);
  wire::Answer on(std::uint32_t program, const wire::ListTables& call);
  wire::Answer on(std::uint32_t program, const wire::GiveAway& call);
  wire::Answer on(std::uint32_t program, const wire::SetHeir& call);
  wire::Answer on(std::uint32_t program, const wire::DropTable& call);

  wire::Answer make_table(const wire::MakeTable& call);
  wire::Answer open_existing(const wire::MakeTable& call, const Ledger::Table& table);

  void settle_table(const std::string& id, Pid dead);
  void delete_table(const std::string& id);
  void process_died(Pid pid, wire::Death how, const wire::TermBytes& reason);
  void free_names(const std::set<std::string>& names);
  void tell_watchers(Pid dead, wire::Death how, const wire::TermBytes& reason);
  void watch(std::uint32_t program, Pid pid);
  void forget_watches_of(std::uint32_t program);
  void announce_names();

  // Records and applies. A request fails when the record does; what a death brings must happen all the same.
  Status try_commit(const Record& record);
  void commit(const Record& record);
  Status change_owner(const wire::TableFacts& table, std::optional<Pid> owner, Pid from, bool tell,
                      const std::optional<wire::TermBytes>& data, bool must_succeed);
  void send_transfer(std::uint64_t number);

  [[nodiscard]] std::optional<Pid> resolve(const wire::PidOrName& process) const;
  [[nodiscard]] std::optional<wire::HeirSpec> living(const std::optional<wire::HeirSpec>& heir) const;
  void send(std::uint32_t program, const wire::ToProgram& message);

  Ledger ledger_;
  ManagerEffects& effects_;
  std::map<std::uint32_t, Program> programs_;        // those alive, connected or absent
  std::map<Pid, std::set<std::uint32_t>> watchers_;  // programs that wait for the end of a process
};

}  // namespace heirloom::node
