// SPDX-License-Identifier: Apache-2.0
//
// Lineage: who has owned a table, from when to when, and how each one's time ended. It is kept by the node's manager, survives
// it, and ends with the table; of a table with many owners the last kLineageMax are kept. With it: what was repaired after the death
// of a program that was using the table, whether it owned the table or not; the last kRepairsMax of them.
//
//   for (const Tenure& tenure : sessions.lineage()) {
//     std::cout << tenure << '\n';
//     for (const Repair& repair : tenure.repairs) std::cout << "  " << repair << '\n';
//   }
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/repair.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

inline constexpr std::size_t kLineageMax = 64;
inline constexpr std::size_t kRepairsMax = 64;

// How an owner's time with a table ended, and so why the table went to the next one.
enum class TenureEnd : std::uint8_t {
  owns,         // it has not: this is the owner
  gave_away,    // by give_away(); or the node, which gives to whoever claims
  exited,       // the process ended as it was meant to: reason normal, shutdown or {shutdown, Term}
  crashed,      // it ended with another reason, as by an exception
  killed,       // its program died without a word: by a signal, or without leaving the node
  hung,         // its program was ended by its watchdog (heirloom/watchdog.hpp)
  closed,       // its program ended in good order, or closed the node
  unknown,      // it ended while there was no manager to see how
  reclaimed,    // an operator took the table from it
  quarantined,  // the table was set aside
};
// As it is written above.
std::string_view to_string(TenureEnd end) noexcept;
// Whether data that kills its reader could be the cause.
[[nodiscard]] constexpr bool is_crash(TenureEnd end) noexcept {
  return end == TenureEnd::crashed || end == TenureEnd::killed || end == TenureEnd::hung;
}

// What a dead thread left in the table, and what the next comer made of it: one record for all locks that it had held. Who repaired
// tells the manager, after the repair, and does not wait for it: so it may appear a moment later than the write that had to repair. What
// `heirloom check` repairs, which only looks, it says on its own standard error instead.
struct Repair {
  using Time = std::chrono::system_clock::time_point;
  Time at;                        // when it was settled
  std::chrono::nanoseconds took;  // by who took over its lock, until all was settled; of several locks, the sum
  // Of the dead: its program's number in the node, and which of its threads, by the slot in the program's file.
  std::uint32_t program = 0;
  std::uint32_t thread = 0;
  std::optional<Atom> name;             // that a process of the program had registered, the root process first
  std::optional<std::int32_t> process;  // of the operating system
  // How the program ended: `killed`, `hung` or `closed`; `unknown` while nobody has seen it. And its status as of waitpid(). Both are
  // filled in when they become known, which may be later.
  TenureEnd end = TenureEnd::unknown;
  std::optional<std::int32_t> status;
  Operation operation = Operation::none;
  // One of the keys that it was about, as text, at most 200 bytes: "..." stands for the rest. Empty: of none, or not known, as before the
  // object was written.
  std::string key;
  std::uint64_t keys = 0;  // how many keys were under way: of an insert of several, those that were left to be settled
  RepairOutcome outcome = RepairOutcome::nothing;
  std::uint32_t locks = 0;  // that it held
};

// "worker (program 7, process 812), killed, signal 9, left insert of key alice under way: finished, in 14 us"
std::ostream& operator<<(std::ostream& out, const Repair& repair);

struct Tenure {
  using Time = std::chrono::system_clock::time_point;
  std::optional<Pid> owner;             // none: the node held the table
  std::optional<Atom> name;             // that was registered for it
  std::optional<std::int32_t> process;  // of the operating system, where the owner lived
  std::uint64_t generation = 0;         // of the table: 1 is the first owner's
  Time since;
  std::optional<Time> until;  // none: it owns the table
  TenureEnd end = TenureEnd::owns;
  // What became known of its end, maybe later; nothing is waited for.
  // The exit reason of the process, {error, Text} after an exception; and the status of its program as of waitpid(), from its
  // parent or from the kernel (Linux 6.15).
  std::optional<Term> reason;
  std::optional<std::int32_t> status;
  // The writes that it left half done, as the next comers found them.
  std::uint64_t repairs_finished = 0;
  std::uint64_t repairs_undone = 0;
  // Each of them; and what other programs left that died while it owned the table. The oldest first.
  std::vector<Repair> repairs;
};

// One line: "2026-05-01T03:00:00.123Z .. 2026-05-01T03:00:01.000Z  <0.7.0> worker (process 812): killed, signal 11"
std::ostream& operator<<(std::ostream& out, const Tenure& tenure);

}  // namespace heirloom
