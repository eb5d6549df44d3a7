// SPDX-License-Identifier: Apache-2.0
//
// What a program and its manager say to each other. Terms (messages, exit reasons, gift data) travel as the bytes that the
// term layer made of them: a manager carries them and never looks inside.
//
// A program begins with Hello, with a pidfd of its own riding along; the manager answers Welcome or Refused. A message
// with a `request` is answered by one Reply with the same number. Everything from one side arrives in order: so a manager
// sends a Transfer before the Reply that the giver waits for, and before the ProcessDied that tells why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "heirloom/error.hpp"
#include "heirloom/lineage.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/table_options.hpp"

#include "wire/codec.hpp"

namespace heirloom {

// An enumeration from outside is judged before it is believed.
constexpr bool wire_valid(ErrorCode code) { return code >= ErrorCode::badarg && code <= ErrorCode::busy; }
constexpr bool wire_valid(TableType type) { return type >= TableType::set && type <= TableType::duplicate_bag; }
constexpr bool wire_valid(Protection protection) {
  return protection >= Protection::public_access && protection <= Protection::private_access;
}

constexpr bool wire_valid(WriteConcurrency concurrency) {
  return concurrency >= WriteConcurrency::off && concurrency <= WriteConcurrency::fixed;
}

constexpr bool wire_valid(TenureEnd end) { return end <= TenureEnd::quarantined; }
constexpr bool wire_valid(Operation operation) { return operation <= Operation::repair; }
constexpr bool wire_valid(RepairOutcome outcome) { return outcome <= RepairOutcome::undone; }

namespace wire {

// Raised whenever the meaning of any message changes: both sides must say the same number.
inline constexpr std::uint32_t kProtocolVersion = 7;

using TermBytes = std::string;

// -- parts --

// What of TableOptions outlives the call that made the table.
struct TableSpec {
  std::string name;
  TableType type = TableType::set;
  Protection protection = Protection::protected_access;
  std::int64_t keypos = 1;
  bool node_table = false;
  WriteConcurrency write_concurrency = WriteConcurrency::off;
  bool read_concurrency = false;
  bool decentralized_counters = false;
  bool compressed = false;
  std::uint64_t max_bytes = 0;  // when it was made; the segment has what it is now
  static auto fields(auto& self) {
    return std::tie(self.name, self.type, self.protection, self.keypos, self.node_table, self.write_concurrency,
                    self.read_concurrency, self.decentralized_counters, self.compressed, self.max_bytes);
  }
  friend bool operator==(const TableSpec&, const TableSpec&) = default;
};

using PidOrName = std::variant<Pid, std::string>;

// So many crashes of owners within so long are a loop.
struct CrashLimit {
  std::uint32_t deaths = 0;
  std::int64_t within = 0;  // nanoseconds
  static auto fields(auto& self) { return std::tie(self.deaths, self.within); }
  friend bool operator==(const CrashLimit&, const CrashLimit&) = default;
};

struct HeirSpec {
  PidOrName process;
  std::optional<TermBytes> data;  // none: inherits without a message
  // Registered names: when the heir inherits, the table goes on at once to the first of them who is alive, from the heir -
  std::vector<std::string> successors;
  bool quiet = false;                     // - without a message to that one -
  std::optional<CrashLimit> crash_limit;  // - unless its owners crash in a loop: that is for the heir to judge.
  static auto fields(auto& self) {
    return std::tie(self.process, self.data, self.successors, self.quiet, self.crash_limit);
  }
  friend bool operator==(const HeirSpec&, const HeirSpec&) = default;
};

// A table that was set aside: nobody owns it or writes, and only who looks at it on purpose reads.
struct Quarantine {
  std::string cause;  // for people
  std::string name;   // that it had before, and gets back
  std::int64_t since = 0;
  static auto fields(auto& self) { return std::tie(self.cause, self.name, self.since); }
  friend bool operator==(const Quarantine&, const Quarantine&) = default;
};

// A process that has fixed a table, and how often.
struct Fixation {
  Pid process;
  std::uint32_t count = 0;
  static auto fields(auto& self) { return std::tie(self.process, self.count); }
  friend bool operator==(const Fixation&, const Fixation&) = default;
};

struct TableFacts {
  std::string id;
  TableSpec spec;
  std::optional<Pid> owner;  // none: the node
  std::uint64_t generation = 0;
  std::optional<HeirSpec> heir;
  std::optional<Quarantine> quarantine;
  std::vector<Fixation> fixations;  // none: it is not fixed
  std::int64_t fixed_since = 0;
  static auto fields(auto& self) {
    return std::tie(self.id, self.spec, self.owner, self.generation, self.heir, self.quarantine, self.fixations,
                    self.fixed_since);
  }
  friend bool operator==(const TableFacts&, const TableFacts&) = default;
};

// A heirloom::Repair; times are nanoseconds, `at` since 1970. `thread` is its name, as lock words say it.
struct Repair {
  std::int64_t at = 0;
  std::uint64_t took = 0;
  std::uint32_t program = 0;
  std::uint32_t thread = 0;
  std::string name;             // empty: none
  std::int32_t os_process = 0;  // 0: not known
  TenureEnd end = TenureEnd::unknown;
  std::optional<std::int32_t> status;
  Operation operation = Operation::none;
  std::string key;  // at most kRepairKeyBytesMax printable characters
  std::uint64_t keys = 0;
  RepairOutcome outcome = RepairOutcome::nothing;
  std::uint32_t locks = 0;
  static auto fields(auto& self) {
    return std::tie(self.at, self.took, self.program, self.thread, self.name, self.os_process, self.end, self.status,
                    self.operation, self.key, self.keys, self.outcome, self.locks);
  }
  friend bool operator==(const Repair&, const Repair&) = default;
};
inline constexpr std::size_t kRepairKeyBytesMax = 200;

// A heirloom::Tenure; times are nanoseconds since 1970.
struct Tenure {
  std::optional<Pid> owner;
  std::string name;             // empty: none
  std::int32_t os_process = 0;  // 0: not known
  std::uint64_t generation = 0;
  std::int64_t since = 0;
  std::int64_t until = 0;
  TenureEnd end = TenureEnd::owns;
  TermBytes reason;  // empty: not known
  std::optional<std::int32_t> status;
  std::uint64_t repairs_finished = 0;
  std::uint64_t repairs_undone = 0;
  std::vector<Repair> repairs;
  static auto fields(auto& self) {
    return std::tie(self.owner, self.name, self.os_process, self.generation, self.since, self.until, self.end,
                    self.reason, self.status, self.repairs_finished, self.repairs_undone, self.repairs);
  }
  friend bool operator==(const Tenure&, const Tenure&) = default;
};

// -- from a program to its manager --

struct Hello {
  std::uint32_t version = kProtocolVersion;
  std::uint32_t program = 0;
  std::int32_t os_process = 0;           // for messages to people only
  std::vector<std::uint32_t> processes;  // spawned ones that live
  std::vector<Pid> watched;
  bool names_watched = false;
  std::vector<std::string> expected;  // ids of tables that it has open since they may be transferred to it
  bool has_watchdogs = false;
  static auto fields(auto& self) {
    return std::tie(self.version, self.program, self.os_process, self.processes, self.watched, self.names_watched,
                    self.expected, self.has_watchdogs);
  }
};

// The program ends in good order: its tables move now, not when the kernel has cleaned up.
struct Bye {
  static auto fields(auto& /*self*/) { return std::tie(); }
};

struct ProcessStarted {
  std::uint32_t index = 0;
  static auto fields(auto& self) { return std::tie(self.index); }
};

struct ProcessExited {
  std::uint64_t request = 0;
  std::uint32_t index = 0;
  TermBytes reason;
  bool crashed = false;  // the reason is none that is meant
  static auto fields(auto& self) { return std::tie(self.request, self.index, self.reason, self.crashed); }
};

// A signal between processes of different programs (process/uplink.hpp).
struct Forward {
  std::uint8_t kind = 0;
  Pid from;
  Pid to;
  TermBytes term;
  static auto fields(auto& self) { return std::tie(self.kind, self.from, self.to, self.term); }
};

struct Watch {
  Pid pid;
  static auto fields(auto& self) { return std::tie(self.pid); }
};

struct Unwatch {
  Pid pid;
  static auto fields(auto& self) { return std::tie(self.pid); }
};

struct WatchNames {
  static auto fields(auto& /*self*/) { return std::tie(); }
};

struct IsAlive {
  std::uint64_t request = 0;
  Pid pid;
  static auto fields(auto& self) { return std::tie(self.request, self.pid); }
};

// Answered by the tables that may be transferred at once to whoever has the name: opened beforehand they cost less time then.
struct RegisterName {
  std::uint64_t request = 0;
  std::string name;
  Pid pid;
  static auto fields(auto& self) { return std::tie(self.request, self.name, self.pid); }
};

struct UnregisterName {
  std::uint64_t request = 0;
  std::string name;
  static auto fields(auto& self) { return std::tie(self.request, self.name); }
};

struct Whereis {
  std::uint64_t request = 0;
  std::string name;
  static auto fields(auto& self) { return std::tie(self.request, self.name); }
};

struct MakeTable {
  std::uint64_t request = 0;
  Pid caller;
  TableSpec spec;
  std::optional<HeirSpec> heir;
  bool or_open = false;  // one that exists is opened, and claimed when nobody owns it
  static auto fields(auto& self) { return std::tie(self.request, self.caller, self.spec, self.heir, self.or_open); }
};

struct FindTable {
  std::uint64_t request = 0;
  std::string name;
  static auto fields(auto& self) { return std::tie(self.request, self.name); }
};

struct DescribeTable {
  std::uint64_t request = 0;
  std::string id;
  static auto fields(auto& self) { return std::tie(self.request, self.id); }
};

struct ListTables {
  std::uint64_t request = 0;
  static auto fields(auto& self) { return std::tie(self.request); }
};

struct GiveAway {
  std::uint64_t request = 0;
  std::string id;
  Pid giver;
  PidOrName receiver;
  std::optional<TermBytes> gift;  // none: without a message
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.giver, self.receiver, self.gift); }
};

// By the owner; or by the heir, who may say anew what is to happen when it inherits.
struct SetHeir {
  std::uint64_t request = 0;
  std::string id;
  Pid caller;
  std::optional<HeirSpec> heir;
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.caller, self.heir); }
};

// By whoever may write.
struct RenameTable {
  std::uint64_t request = 0;
  std::string id;
  Pid caller;
  std::string name;
  bool keep = false;  // and make it a node table; by the owner
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.caller, self.name, self.keep); }
};

// By the owner.
struct ProtectTable {
  std::uint64_t request = 0;
  std::string id;
  Pid caller;
  Protection protection = Protection::protected_access;
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.caller, self.protection); }
};

// By whoever may read: once more, or once less.
struct FixTable {
  std::uint64_t request = 0;
  std::string id;
  Pid caller;
  bool fix = false;
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.caller, self.fix); }
};

struct DropTable {
  std::uint64_t request = 0;
  std::string id;
  Pid caller;
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.caller); }
};

// The receiver has the transfer; it need not be sent again.
struct TransferDone {
  std::uint64_t transfer = 0;
  static auto fields(auto& self) { return std::tie(self.transfer); }
};

// The program has a beat in its process file that shall be looked at.
struct WatchdogStarted {
  static auto fields(auto& /*self*/) { return std::tie(); }
};

// What the program has found of the dead in a table, and settled: one for each dead thread. What it does not know of them - name, end
// and status - the manager fills in. Anybody may say it who is connected, for anybody may have had to: whoever takes a lock.
struct Repaired {
  std::string id;
  std::vector<Repair> repairs;
  static auto fields(auto& self) { return std::tie(self.id, self.repairs); }
};

// A parent tells how its child ended, as waitpid() told it.
struct ReportExit {
  std::int32_t os_process = 0;
  std::int32_t status = 0;
  static auto fields(auto& self) { return std::tie(self.os_process, self.status); }
};

// Operators may say these of any table, since whoever may connect may also write its file.

// Its owner loses it as if it had died.
struct ReclaimTable {
  std::uint64_t request = 0;
  std::string id;
  static auto fields(auto& self) { return std::tie(self.request, self.id); }
};

struct QuarantineTable {
  std::uint64_t request = 0;
  std::string id;
  std::string cause;
  bool keep_name = false;  // so that nobody makes another one of its name
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.cause, self.keep_name); }
};

// It goes to its heir, or waits with the node.
struct ReleaseTable {
  std::uint64_t request = 0;
  std::string id;
  Pid caller;
  bool replace = false;  // a table that has its name now is set aside for it
  static auto fields(auto& self) { return std::tie(self.request, self.id, self.caller, self.replace); }
};

struct TellLineage {
  std::uint64_t request = 0;
  std::string id;
  static auto fields(auto& self) { return std::tie(self.request, self.id); }
};

using ToManager =
    std::variant<Hello, Bye, ProcessStarted, ProcessExited, Forward, Watch, Unwatch, WatchNames, IsAlive, RegisterName,
                 UnregisterName, Whereis, MakeTable, FindTable, DescribeTable, ListTables, GiveAway, SetHeir,
                 RenameTable, ProtectTable, FixTable, DropTable, TransferDone, WatchdogStarted, Repaired, ReportExit,
                 ReclaimTable, QuarantineTable, ReleaseTable, TellLineage>;

// -- from the manager to a program --

struct Welcome {
  std::uint32_t version = kProtocolVersion;
  std::uint32_t manager = 0;  // its program number
  static auto fields(auto& self) { return std::tie(self.version, self.manager); }
};

struct Refusal {
  ErrorCode code = ErrorCode::badarg;
  std::string detail;
  static auto fields(auto& self) { return std::tie(self.code, self.detail); }
};

struct Done {
  static auto fields(auto& /*self*/) { return std::tie(); }
};

struct TableAnswer {
  TableFacts table;
  bool claimed = false;  // the caller was made its owner by this call
  static auto fields(auto& self) { return std::tie(self.table, self.claimed); }
};

using Answer = std::variant<Done, Refusal, bool, std::optional<Pid>, std::optional<TableAnswer>,
                            std::vector<TableFacts>, std::vector<Tenure>>;

struct Reply {
  std::uint64_t request = 0;
  Answer answer;
  static auto fields(auto& self) { return std::tie(self.request, self.answer); }
};

// 'ETS-TRANSFER': process `to` of this program owns the table.
struct Transfer {
  std::uint64_t transfer = 0;
  TableFacts table;
  Pid to;
  Pid from;                                // who gave it
  Pid former;                              // who owned it: the same, unless an heir passed it on
  TenureEnd cause = TenureEnd::gave_away;  // why the former owner has it no more
  std::optional<TermBytes> data;           // none: no message, only ownership
  static auto fields(auto& self) {
    return std::tie(self.transfer, self.table, self.to, self.from, self.former, self.cause, self.data);
  }
};

enum class Death : std::uint8_t {
  exited,   // `reason` says why
  killed,   // its program died without a word
  unknown,  // it had ended before, or never was
};
constexpr bool wire_valid(Death death) { return death <= Death::unknown; }

struct ProcessDied {
  Pid pid;
  Death death = Death::killed;
  TermBytes reason;
  static auto fields(auto& self) { return std::tie(self.pid, self.death, self.reason); }
};

struct NamesChanged {
  static auto fields(auto& /*self*/) { return std::tie(); }
};

// A table that the program expects.
struct TableDeleted {
  std::string id;
  static auto fields(auto& self) { return std::tie(self.id); }
};

using ToProgram = std::variant<Welcome, Refusal, Reply, Forward, Transfer, ProcessDied, NamesChanged, TableDeleted>;

}  // namespace wire
}  // namespace heirloom
