// SPDX-License-Identifier: Apache-2.0
//
// Ledger: what a manager knows that must outlive it - programs, names, tables with owner and heir, and transfers on their
// way. It changes by records only, and the journal holds those records: whoever reads them again has the same ledger.
//
// **Invariants**
//  (L1) A table has at most one owner, and its generation rises with each new one.
//  (L2) A transfer in the ledger is to the present owner of its table: whatever changes the owner ends older ones.
//  (L3) Ids of tables and transfers are never given twice, also not those of what is gone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "heirloom/pid.hpp"

#include "wire/messages.hpp"

namespace heirloom::node {

// -- records --

struct ProgramSeen {
  std::uint32_t program = 0;
  std::int32_t os_process = 0;  // 0: not known
  static auto fields(auto& self) { return std::tie(self.program, self.os_process); }
};

struct ProgramGone {
  std::uint32_t program = 0;
  std::int64_t at = 0;
  TenureEnd end = TenureEnd::unknown;
  std::string name;  // of one of its processes; empty: none
  static auto fields(auto& self) { return std::tie(self.program, self.at, self.end, self.name); }
};

struct NameGiven {
  std::string name;
  Pid pid;
  static auto fields(auto& self) { return std::tie(self.name, self.pid); }
};

struct NameFreed {
  std::string name;
  static auto fields(auto& self) { return std::tie(self.name); }
};

struct TableMade {
  wire::TableFacts table;
  std::int64_t at = 0;                // nanoseconds since 1970, as all times here
  std::vector<wire::Tenure> lineage;  // only in a compacted journal, where `at` tells nothing
  static auto fields(auto& self) { return std::tie(self.table, self.at, self.lineage); }
};

struct TableGone {
  std::string id;
  static auto fields(auto& self) { return std::tie(self.id); }
};

// One record for the new owner and for what it must be told: no death between the two can separate them.
struct OwnerChanged {
  std::string id;
  std::optional<Pid> owner;
  std::uint64_t generation = 0;
  std::uint64_t transfer = 0;  // 0: nobody needs to be told
  Pid from;                    // as in wire::Transfer
  Pid former;
  std::optional<wire::TermBytes> data;
  std::int64_t at = 0;
  TenureEnd ended = TenureEnd::unknown;  // how the former owner's time did
  wire::TermBytes reason;
  static auto fields(auto& self) {
    return std::tie(self.id, self.owner, self.generation, self.transfer, self.from, self.former, self.data, self.at,
                    self.ended, self.reason);
  }
};

struct HeirChanged {
  std::string id;
  std::optional<wire::HeirSpec> heir;
  static auto fields(auto& self) { return std::tie(self.id, self.heir); }
};

struct SpecChanged {
  std::string id;
  std::string name;
  Protection protection = Protection::protected_access;
  bool node_table = false;
  static auto fields(auto& self) { return std::tie(self.id, self.name, self.protection, self.node_table); }
};

// So often has the process fixed the table from now on; 0: not any more.
struct FixationChanged {
  std::string id;
  Pid process;
  std::uint32_t count = 0;
  std::int64_t at = 0;
  static auto fields(auto& self) { return std::tie(self.id, self.process, self.count, self.at); }
};

// Set aside, or taken back from there. Nobody owns it then.
struct QuarantineChanged {
  std::string id;
  std::string name;  // from now on
  std::uint64_t generation = 0;
  std::optional<wire::Quarantine> quarantine;
  std::int64_t at = 0;
  static auto fields(auto& self) { return std::tie(self.id, self.name, self.generation, self.quarantine, self.at); }
};

struct TransferEnded {
  std::uint64_t transfer = 0;
  static auto fields(auto& self) { return std::tie(self.transfer); }
};

// How a program that is gone ended, once that is known.
struct EndExplained {
  std::uint32_t program = 0;
  std::int32_t status = 0;
  static auto fields(auto& self) { return std::tie(self.program, self.status); }
};

// What the dead left in a table.
struct RepairsFound {
  std::string id;
  std::vector<wire::Repair> repairs;
  static auto fields(auto& self) { return std::tie(self.id, self.repairs); }
};

// Only in a compacted journal: numbers below these were given to what is gone.
struct NumbersGiven {
  std::uint64_t table = 0;
  std::uint64_t transfer = 0;
  static auto fields(auto& self) { return std::tie(self.table, self.transfer); }
};

using Record = std::variant<ProgramSeen, ProgramGone, NameGiven, NameFreed, TableMade, TableGone, OwnerChanged,
                            HeirChanged, SpecChanged, FixationChanged, QuarantineChanged, TransferEnded, EndExplained,
                            RepairsFound, NumbersGiven>;

// -- what they add up to --

class Ledger {
 public:
  struct Table {
    wire::TableFacts facts;
    std::uint64_t acquired = 0;  // rises with each change of owner: a dead process' tables are settled in this order
    std::vector<wire::Tenure> lineage;  // the last one is the owner's; at most kLineageMax
  };
  // A program that is gone. The last kDepartedMax are remembered: what one of them left may be found late.
  struct Departed {
    std::int32_t os_process = 0;
    std::int64_t at = 0;
    TenureEnd end = TenureEnd::unknown;
    std::string name;
    std::optional<std::int32_t> status;
  };
  static constexpr std::size_t kDepartedMax = 128;
  struct Transfer {
    std::string table;
    Pid to;
    Pid from;
    Pid former;
    TenureEnd cause;
    std::optional<wire::TermBytes> data;
  };

  // Any record is accepted: one that makes no sense (a table that is not there) changes nothing.
  void apply(const Record& record);

  // Records that, applied to an empty ledger, give this one.
  [[nodiscard]] std::vector<Record> snapshot() const;

  // With their processes of the operating system; 0 where that is not known.
  [[nodiscard]] const std::map<std::uint32_t, std::int32_t>& programs() const noexcept { return programs_; }
  [[nodiscard]] const std::map<std::string, Pid>& names() const noexcept { return names_; }
  [[nodiscard]] const std::map<std::string, Table>& tables() const noexcept { return tables_; }
  [[nodiscard]] const std::map<std::uint64_t, Transfer>& transfers() const noexcept { return transfers_; }

  // Those of programs(), and whoever owns a table or a name.
  [[nodiscard]] std::set<std::uint32_t> programs_mentioned() const;
  [[nodiscard]] const Table* table(const std::string& id) const;
  [[nodiscard]] const Table* table_named(const std::string& name) const;
  [[nodiscard]] std::optional<Pid> whereis(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> name_of(Pid pid) const;
  // In the order in which they were acquired.
  [[nodiscard]] std::vector<std::string> tables_of(Pid owner) const;
  [[nodiscard]] std::vector<std::string> tables_of_program(std::uint32_t program) const;
  // The program of that process whose end some lineage cannot explain yet; the last one if there were several.
  [[nodiscard]] std::optional<std::uint32_t> unexplained_program(std::int32_t os_process) const;
  // Crashes of owners within so long before now, as far as the lineage goes back. Those that lie after it, since somebody has set the
  // clock back, are not counted: a table is handed on rather than set aside.
  [[nodiscard]] std::uint32_t crashes(const std::string& id, std::int64_t now, std::int64_t within) const;
  [[nodiscard]] bool is_unexplained(std::uint32_t program) const;
  // What the table's lineage tells of a death in it; nothing: not that death.
  [[nodiscard]] const wire::Repair* repair(const std::string& id, std::uint32_t program, std::uint32_t thread) const;
  // That of its root process first.
  [[nodiscard]] std::vector<std::string> names_of_program(std::uint32_t program) const;

  [[nodiscard]] std::uint64_t next_table() const noexcept { return next_table_; }
  [[nodiscard]] std::uint64_t next_transfer() const noexcept { return next_transfer_; }

 private:
  void change(const ProgramSeen& record);
  void change(const ProgramGone& record);
  void change(const NameGiven& record);
  void change(const NameFreed& record);
  void change(const TableMade& record);
  void change(const TableGone& record);
  void change(const OwnerChanged& record);
  void change(const HeirChanged& record);
  void change(const SpecChanged& record);
  void change(const FixationChanged& record);
  void rename(wire::TableFacts& facts, const std::string& name);
  void change(const QuarantineChanged& record);
  void change(const TransferEnded& record);
  void change(const EndExplained& record);
  void change(const RepairsFound& record);
  void change(const NumbersGiven& record);
  void begin_tenure(Table& table, std::int64_t at) const;
  void end_tenure(Table& table, const OwnerChanged& record) const;
  void fill_in(wire::Repair& repair) const;
  void fill_in_repairs_of(std::uint32_t program);
  [[nodiscard]] wire::Tenure& tenure_of(Table& table, const wire::Repair& repair) const;
  void add_repair(Table& table, const wire::Repair& found) const;
  void end_transfers_of(const std::string& table);

  std::map<std::uint32_t, std::int32_t> programs_;
  std::map<std::uint32_t, Departed> departed_;
  std::map<std::string, Pid> names_;
  std::map<std::string, Table> tables_;            // by id
  std::map<std::string, std::string> id_by_name_;  // of tables
  std::map<std::uint64_t, Transfer> transfers_;
  std::uint64_t next_table_ = 1;
  std::uint64_t next_transfer_ = 1;
  std::uint64_t next_acquired_ = 1;
};

// Adds what else was found of the same dead thread; false: it is another's.
bool merge(wire::Repair& repair, const wire::Repair& more);

// The number in a table's id; 0 when it is none of ours.
[[nodiscard]] std::uint64_t table_number(const std::string& id);

}  // namespace heirloom::node
