// SPDX-License-Identifier: Apache-2.0
//
// TableInfo: what a table tells about itself, as a struct, or as the list of ets:info/1.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/table_options.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

// What ets:info/1 tells, and what a table in shared memory adds.
struct TableInfo {
  std::string id;  // of this table, never given twice in a node
  Atom name;
  TableType type;
  Protection protection;
  std::int64_t keypos;
  std::optional<Pid> owner;    // none: the node holds the table
  std::optional<Heir> heir;    // what `heir` says; its data is not told
  std::uint64_t size;          // objects
  std::uint64_t memory_words;  // ets' `memory`
  std::uint64_t memory_bytes;  // of the segment: index, objects, free and retired memory, dictionary
  std::uint64_t max_bytes;
  std::uint64_t max_bytes_limit;       // to what Table::set_max_bytes() can set it
  std::uint64_t generation;            // owners so far
  std::uint32_t stripes;               // locks of writers
  std::uint32_t atoms;                 // in the dictionary
  WriteConcurrency write_concurrency;  // this and the next two: the effective values
  bool read_concurrency;
  bool decentralized_counters;
  bool compressed;
  bool node_table;                 // outlives all owners, until it is deleted
  std::uint64_t repairs_finished;  // writes cut short after their commit point, completed by the next comer
  std::uint64_t repairs_undone;    // writes cut short before it, undone
  // Who has fixed it, since when; nothing when it is not fixed (`fixed`, `safe_fixed` of ets).
  struct Fixations {
    std::chrono::system_clock::time_point since;
    std::vector<std::pair<Pid, std::uint32_t>> processes;  // and how often
  };
  std::optional<Fixations> fixations = {};
  // Of a table that was set aside: why, and the name that it had.
  struct Quarantine {
    std::string cause;
    Atom name;
    std::chrono::system_clock::time_point since;
  };
  std::optional<Quarantine> quarantine = {};
  // The program that keeps memory from being used again, if any does at this moment: one of its threads is in the middle of a read that it
  // began before the epoch of the node was raised for the last time. One that stays is stopped - by SIGSTOP, a debugger, a frozen
  // container - and holds up all tables of the node, until it goes on or dies.
  struct HeldUp {
    std::uint32_t program;  // its number in the node, the middle one of its pids
    std::uint64_t process;  // of the operating system, as it sees its own pid
    std::string name;       // of the program
    std::uint64_t epoch;    // in which it began: found again after a while, it is the same read
    std::uint64_t epochs;   // how often the epoch was raised since: once for some hundred objects replaced or deleted
    std::uint64_t waiting_bytes;  // of this table: replaced or deleted, and not used again yet; about
  };
  std::optional<HeldUp> held_up = {};
  // In a list of tables: what is wrong with this one, of which `size` and `atoms` could not be read and are 0.
  std::optional<std::string> damage = {};
};

// The list of ets:info/1: [{id,Id},{decentralized_counters,false}, ...], in its order. An id is a binary; the owner of a table that
// the node holds is `none`; the node is heirloom@localhost.
[[nodiscard]] Term to_term(const TableInfo& info);

// What ets:info/2 tells of an item: those of the list; `fixed`, `safe_fixed` and `safe_fixed_monotonic_time` (nanoseconds of the
// clock of all processes); `binary`: [], since no binary lies outside of its object. Nothing for others.
[[nodiscard]] std::optional<Term> find_item(const TableInfo& info, Atom item);

}  // namespace heirloom
