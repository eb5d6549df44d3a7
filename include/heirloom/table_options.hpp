// SPDX-License-Identifier: Apache-2.0
//
// TableOptions: what a table is made with, as a struct, or as the list of options that ets:new/2 takes.
//
//   node.create("sessions"_atom, {.type = TableType::ordered_set, .keypos = 2});
//   node.create("sessions"_atom, table_options(parse("[ordered_set, {keypos, 2}]")));
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

enum class TableType { set, ordered_set, bag, duplicate_bag };
std::string_view to_string(TableType type) noexcept;

// Who may read and write: anybody; anybody reads and the owner writes; only the owner.
enum class Protection { public_access, protected_access, private_access };
std::string_view to_string(Protection protection) noexcept;  // "public", "protected", "private", as in ETS

// How many processes write at the same time. A table is 8 stripes, each with a lock and counters of its own; or 64, but an
// ordered_set has one lock in any case. `fixed` is {debug_hash_fixed_number_of_locks,N}, whatever N is.
enum class WriteConcurrency { off, on, automatic, fixed };
Term to_term(WriteConcurrency concurrency);  // false, true, auto, {debug_hash_fixed_number_of_locks,64}, as in ETS

// Who inherits a table when its owner dies: a process, or whoever is registered under a name at that moment.
struct Heir {
  std::variant<Pid, Atom> process;
  std::optional<Term> data;  // the gift data of the 'ETS-TRANSFER'; none: inherits without a message (`{heir,Pid}`)
};

// The options of ets:new/2. Tables of a node are found by name, so they are named tables.
struct TableOptions {
  TableType type = TableType::set;
  Protection protection = Protection::protected_access;
  std::int64_t keypos = 1;  // position of the key in an object, from 1
  std::optional<Heir> heir = {};
  WriteConcurrency write_concurrency = WriteConcurrency::off;
  bool read_concurrency = false;  // told by info; nothing is left to do for it, since reads never lock
  // Each stripe counts its own objects. Told by info: without a value, what ets decides.
  std::optional<bool> decentralized_counters = {};
  // Objects are stored packed, and those of some length compressed by zstd; keys stay readable. For less memory, and more time:
  // every read makes the object anew, and no counter changes in place.
  bool compressed = false;
  // The table refuses to grow beyond (ErrorCode::full). Table::set_max_bytes() changes it, up to what address space is set
  // aside for: four times this, and at least 16 GiB.
  std::uint64_t max_bytes = std::uint64_t{4} << 30;
};

// The options with the values that they have in effect, as ets has it: of a private table no concurrency at all;
// decentralized_counters only where write_concurrency is, and then, unless it is given, for `automatic`, `fixed`, and each
// ordered_set. (`fixed` for an ordered_set makes no table: Error{badarg}.)
[[nodiscard]] TableOptions effective(TableOptions options) noexcept;

// As ets:new/2 reads its list, from left to right: of `ordered_set`, `bag` and `duplicate_bag` the last one is the type, and of
// `public` and `private` the protection; `set` and `protected` are what is there without them, and undo nothing. Of pairs the
// last one counts. `named_table` is how all tables of a node are. Besides those of ets: {heir,Name,Data} and {heir,Name} of a
// registered name, {max_bytes,Bytes}. Throws Error{badarg}, which names the option that is none.
[[nodiscard]] TableOptions table_options(const Term& list);
// A list that says the same, without what is so by default.
[[nodiscard]] Term to_term(const TableOptions& options);

}  // namespace heirloom
