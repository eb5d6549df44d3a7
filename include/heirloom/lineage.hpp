// SPDX-License-Identifier: Apache-2.0
//
// Lineage: who has owned a table, from when to when, and how each one's time ended. It is kept by the node's manager, survives
// it, and ends with the table; of a table with many owners the last kLineageMax are kept.
//
//   for (const Tenure& tenure : sessions.lineage()) std::cout << tenure << '\n';
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

inline constexpr std::size_t kLineageMax = 64;

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
  // The writes that it left half done, as its successor found them.
  std::uint64_t repairs_finished = 0;
  std::uint64_t repairs_undone = 0;
};

// One line: "2026-05-01T03:00:00.123Z .. 2026-05-01T03:00:01.000Z  <0.7.0> worker (process 812): killed, signal 11"
std::ostream& operator<<(std::ostream& out, const Tenure& tenure);

}  // namespace heirloom
