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
// **Successors.** An heir that would only pass the table on, as a table manager does, can say beforehand to whom: then the table
// goes there in one step, as if from the heir. The heir must be alive for that, and hears of it by the notice of the death.
// Programs with a successor's name expect the table, and have it open; they are told when it is deleted, so that its memory is
// free.
//
// **Absent programs.** After a manager's death the next one knows from the ledger which programs there were. One that is
// alive but not back yet is absent: its processes count as alive, since nobody knows better, and what they must be told
// waits in the ledger. When it comes back it says which processes live, and the others have ended then.
//
// **Order of effects** (this is what makes a manager's death harmless): a new owner is recorded, then written to the segment,
// then told. A table that is deleted loses its file first: the next manager takes a table without a file for deleted.
//
// **Segments that cannot be written.** The owner in a segment's header is what a former owner checks under every lock; nobody
// is told of a table before it is stored. A segment that cannot be opened now (no descriptor is left, say) is *behind*: its
// transfer waits in the ledger, and the deaths that moved the table are not told, until try_again() has stored it. Other
// tables do not wait. What somebody asks for is refused instead, so that nothing has happened. A segment that will never open
// - it is gone, or corrupt - is set aside, and its table is deleted: the heir hears of no table that it could not use.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

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
  // Makes the segment, and opens it.
  virtual Status create_segment(const wire::TableFacts& table) = 0;
  // So that the two below will not fail: asked before a request is granted.
  virtual Status open_segment(const std::string& id) = 0;
  // Stores owner, generation, protection, quarantine and whether it is fixed in the header, unless it has a higher generation. The one that it has
  // then.
  virtual Result<std::uint64_t> set_owner(const wire::TableFacts& table) = 0;
  // Takes the segment away from under its name, and tells those who have it mapped that it is deleted. Fails when the latter
  // must be done later, by another call.
  virtual Status delete_segment(const std::string& id) = 0;
  // Of one that will never open. It may be gone already.
  virtual void set_aside_segment(const std::string& id, const Failure& why) = 0;
  // Nanoseconds since 1970, for the lineage.
  virtual std::int64_t now() = 0;
  // Somebody asks how the dead have ended: time to tell what can be told by now, by explain_end().
  virtual void explain_ends() = 0;
  // A line for people: what a dead program left in the table, and what became of it.
  virtual void tell_repair(const std::string& table, const wire::Repair& repair) = 0;
  // The program has beats in its process file, to be looked at from now on.
  virtual void watch_beats(std::uint32_t program) = 0;
};

// Whether a segment that did not open will never do: it is gone, or its bytes are no segment of ours. Anything else, as a
// shortage of descriptors, may pass.
[[nodiscard]] bool is_lost(const Failure& failure) noexcept;

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

  // -- of the directory that a new manager finds --

  // A table that has a segment but is not in the ledger, because the journal was lost.
  void adopt(const wire::TableFacts& table);
  // A program that the ledger mentions and that is alive, but not recorded: as above.
  void program_found(std::uint32_t program);
  // A table of the ledger: its segment gets the owner that the ledger tells.
  void segment_found(const std::string& id) { write_segment(id); }
  // A table of the ledger whose segment is gone.
  void segment_lost(const std::string& id);
  // A segment whose deletion had begun.
  void segment_left(const std::string& id) { write_segment(id); }

  // It is about to be ended by its watchdog.
  void program_hangs(std::uint32_t program);
  // How a program that is gone ended, as of waitpid(), or one that is about to be.
  void explain_end(std::uint32_t program, std::int32_t status);

  // Segments that could not be written are tried again.
  void try_again();
  // Whether there are any, and how many.
  [[nodiscard]] std::size_t segments_behind() const noexcept { return behind_.size(); }

  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] bool is_alive(Pid pid) const;

 private:
  // How an owner's time with a table ends.
  struct Ending {
    TenureEnd end;
    wire::TermBytes reason;
  };

  // A death that is not told yet, since tables that it moved are behind.
  struct Mourning {
    Pid dead;
    wire::Death how;
    wire::TermBytes reason;
    std::set<std::string> tables;
    std::optional<std::uint64_t> request;  // of the ProcessExited that waits for its answer
  };

  struct Program {
    bool connected = false;
    std::set<std::uint32_t> processes;  // spawned ones
    std::set<Pid> watched;
    bool names_watched = false;
    bool hangs = false;
    std::optional<std::int32_t> status;  // its parent has told how it ended, and nobody else has yet
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
  bool on(std::uint32_t program, const wire::WatchdogStarted& started);
  bool on(std::uint32_t program, const wire::Repaired& repaired);
  bool on(std::uint32_t program, const wire::ReportExit& report);
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
  wire::Answer on(std::uint32_t program, const wire::RenameTable& call);
  wire::Answer on(std::uint32_t program, const wire::ProtectTable& call);
  wire::Answer on(std::uint32_t program, const wire::FixTable& call);
  wire::Answer on(std::uint32_t program, const wire::DropTable& call);
  wire::Answer on(std::uint32_t program, const wire::ReclaimTable& call);
  wire::Answer on(std::uint32_t program, const wire::QuarantineTable& call);
  wire::Answer on(std::uint32_t program, const wire::ReleaseTable& call);
  wire::Answer on(std::uint32_t program, const wire::TellLineage& call);

  wire::Answer make_table(const wire::MakeTable& call);
  wire::Answer open_existing(const wire::MakeTable& call, const Ledger::Table& table);
  wire::Answer owned_now(const std::string& id);

  // Of all processes for which `ended` holds.
  template <typename Predicate>
  void release_fixations(Predicate ended);
  void settle_table(const std::string& id, Pid dead, const Ending& ending);
  // To its heir, if that lives and is another; nothing is done then otherwise.
  bool pass_to_heir(const std::string& id, Pid former, const Ending& ending);
  [[nodiscard]] bool crash_in_a_loop(const wire::TableFacts& table, const Ending& ending);
  Status set_aside(const std::string& id, const std::string& name, const std::string& cause);
  void delete_table(const std::string& id);
  void table_is_gone(const std::string& id);
  std::vector<wire::TableFacts> expect_tables(std::uint32_t program, const wire::RegisterName& call);
  // Its segment gets what the ledger tells of it: the owner, who then gets his transfer, or that there is no such table.
  void write_segment(const std::string& id);
  // A segment that has had more owners than the ledger knows of: a record of the last one could not be written before the
  // manager died. Its owner becomes the owner of a generation that nobody had yet.
  void catch_up(const std::string& id, std::uint64_t generation);

  void process_died(Pid pid, wire::Death how, const Ending& ending);
  void mourn(Mourning mourning);
  void tell_of(const Mourning& mourning);
  // A segment is behind no longer: the deaths that waited for it are told, in their order.
  void caught_up(const std::string& id);
  [[nodiscard]] Mourning* mourning_of(Pid dead);
  void free_names(const std::set<std::string>& names);
  void tell_watchers(Pid dead, wire::Death how, const wire::TermBytes& reason);
  void watch(std::uint32_t program, Pid pid);
  void forget_watches_of(std::uint32_t program);
  void forget_expectations_of(std::uint32_t program);
  void announce_names();

  // Records, together or not at all, and applies. A request fails when that does; what a death brings must happen all the same.
  Status try_commit(std::span<const Record> records);
  Status try_commit(const Record& record) { return try_commit({&record, 1}); }
  void commit(const Record& record);
  // Records of a new owner: one that asked for it, or one that must be told. `ending` is the former owner's.
  [[nodiscard]] OwnerChanged owned_by(const wire::TableFacts& table, std::optional<Pid> owner,
                                      const Ending& ending) const;
  [[nodiscard]] OwnerChanged passed_to(const wire::TableFacts& table, Pid owner, Pid from,
                                       const std::optional<wire::TermBytes>& data, const Ending& ending) const;
  // Who is to have the table when its heir inherits it; the heir itself when no successor lives.
  [[nodiscard]] Pid successor_of(const wire::HeirSpec& spec, Pid heir, Pid dead) const;
  void send_transfer(std::uint64_t number);

  [[nodiscard]] std::optional<Pid> resolve(const wire::PidOrName& process) const;
  [[nodiscard]] std::optional<wire::HeirSpec> living(const std::optional<wire::HeirSpec>& heir) const;
  void send(std::uint32_t program, const wire::ToProgram& message);

  Ledger ledger_;
  ManagerEffects& effects_;
  std::map<std::uint32_t, Program> programs_;                 // those alive, connected or absent
  std::map<Pid, std::set<std::uint32_t>> watchers_;           // programs that wait for the end of a process
  std::map<std::string, std::set<std::uint32_t>> expecting_;  // programs, by the ids of tables
  std::set<std::string> behind_;                              // ids of segments that say less than the ledger
  std::vector<Mourning> mourned_;                             // in the order of the deaths
};

}  // namespace heirloom::node
