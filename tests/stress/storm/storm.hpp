// SPDX-License-Identifier: Apache-2.0
//
// A storm: processes that write to one table and read from it, each killed by SIGKILL at random, thousands of times, and started
// again. Whoever writes keeps a book in memory that outlives it: what it wrote last, and what it is about to write. So there is one
// right answer to what the table holds, and each successor, and between two rounds an auditor, compares.
//
//   const Report report = run(kinds()[0], {.kills = 10'000, .time_limit = std::chrono::minutes(10)});
//
// | what is proved                            | by what would be found otherwise                                                 |
// |-------------------------------------------|----------------------------------------------------------------------------------|
// | every write that returned is there, once  | lost, doubled: a value that is neither what the book says nor what was under way |
// | a write cut short is there wholly or not  | half: one object of several is there and another is not; sums that are not 0     |
// | no reader sees a part of a write          | torn: objects say in several ways what they hold; pairs are written at once      |
// | nobody waits for the dead                 | blocked: a wait across a kill beyond the bound; a process that goes on no more   |
// | a death costs no memory                   | memory: the second half of the storm needs more than the first                   |
// | the table is whole                        | broken: what Table::check() finds                                                |
// | nobody dies of the death of another       | died: a process that ended without being killed                                  |
//
// Public tables have several writers, which share some objects. A protected one has a single owner: a table manager hands the table
// to the standby at each death.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "heirloom/heirloom.hpp"

#include "storm/waits.hpp"

namespace heirloom::stress::storm {

struct Kind {
  TableType type = TableType::set;
  Protection protection = Protection::public_access;
  bool compressed = false;

  [[nodiscard]] std::string name() const;  // as "compressed-set-protected"
  [[nodiscard]] bool is_bag() const noexcept { return type == TableType::bag || type == TableType::duplicate_bag; }
  [[nodiscard]] bool has_one_writer() const noexcept { return protection != Protection::public_access; }
};
const std::vector<Kind>& kinds();

enum class Breach { lost, doubled, half, torn, blocked, memory, broken, died };
inline constexpr std::size_t kBreaches = 8;
std::string_view to_string(Breach breach) noexcept;

struct Finding {
  Breach breach;
  std::string text;
};

// What can be broken on purpose, to see that the storm tells.
enum class Sabotage {
  none,
  no_repair,      // the next comer leaves as it is what the dead left
  split_insert,   // a pair is written by two inserts
  lost_write,     // now and then a write is not made
  doubled_write,  // now and then a counter is raised twice
  torn_object,    // now and then an object contradicts itself
  growth,         // objects grow with each write
  standstill      // now and then a writer stops
};

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t kills = 10'000;
  std::chrono::seconds time_limit{600};
  Sabotage sabotage = Sabotage::none;
  // For a lock of the dead, and for a table of the dead. A lock of the dead is free within 20 ms after the kernel has ended its holder
  // (src/shm/stripe_lock.cpp); the rest is for machines with better things to do: the holder must run to die, who waits must run to
  // take the lock, and others may be quicker.
  std::chrono::milliseconds wait_bound{5000};
  std::chrono::milliseconds patience{30'000};  // with a process that does nothing
  bool shows_progress = false;                 // on standard error
};

// What the node needs while nobody uses it.
struct Footprint {
  std::uint64_t table_bytes = 0;  // Table::info().memory_bytes
  std::uint64_t live_bytes = 0;   // this and the next two: Table::check()
  std::uint64_t retired_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t journal_bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t process_files = 0;
  std::uint64_t descriptors = 0;          // of the manager
  std::uint64_t keepers_descriptors = 0;  // of the table manager's program, if there is one
  std::uint64_t manager_bytes = 0;        // of its memory
};

struct Report {
  Kind kind;
  std::uint64_t seed = 0;
  std::uint64_t kills = 0;
  std::uint64_t kills_inside_a_write = 0;
  std::uint64_t kills_inside_a_read = 0;
  std::map<std::string, std::uint64_t> kills_by_operation = {};  // those inside a write
  std::uint64_t repairs_finished = 0;
  std::uint64_t repairs_undone = 0;
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t audits = 0;
  double seconds = 0;
  Distribution operations = {};            // of writers: how long each took
  Distribution sleeps = {};                // those in which the writer slept, for whatever reason
  Distribution waits = {};                 // those that slept while somebody was killed: from the kill on
  Distribution hand_overs = {};            // from the kill of the owner to a standby that has the table
  std::vector<Footprint> footprints = {};  // one an audit
  std::vector<Finding> findings = {};

  [[nodiscard]] std::uint64_t count(Breach breach) const;
  [[nodiscard]] std::int64_t worst_wait_ns() const { return std::max(waits.longest_ns, hand_overs.longest_ns); }
};

// The calling process must not have a node open: it forks.
Report run(const Kind& kind, const Options& options);

// For people. One line a storm, and what is behind it.
std::string progress_line(const Report& so_far, const Options& options);
std::string summary(const std::vector<Report>& reports);
std::string details(const Report& report);

// What of a storm of so many kills needs more in its second half than in its first.
std::vector<Finding> growth(const std::vector<Footprint>& footprints, std::uint64_t kills);

}  // namespace heirloom::stress::storm
