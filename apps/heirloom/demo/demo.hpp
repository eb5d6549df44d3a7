// SPDX-License-Identifier: Apache-2.0
//
// The demo: a table survives hundreds of kills of its owner, on real text. Each of these is a process of its own:
//
//   director    the command `heirloom demo`: starts the others, watches, and tells how it went
//   manager     `heirloom serve`
//   supervisor  has the table manager, starts workers and kills them
//   worker      counts words; counts and its place in the input live in the table only
//   standby     another worker, which waits for the table: there for half of the kills
//   reader      looks all the time, and notes what may never be seen
//   audit       at the end: proves the table, and compares it with a count made without Heirloom
//
// They tell each other what happens in lines on standard output: one word that says what, then numbers or text.
//
// The table `words` (protected, keypos 1) holds
//   {<<"word">>, Count}                        for each different word
//   {position, Inserts, Passes, Offset}        how many inserts were made; full passes; bytes of the input in this pass
//   {{stamp, Pair, first | second}, Inserts}   see stamps.hpp
// and one insert of several objects writes all that one line of the input changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <heirloom/heirloom.hpp>

#include "command.hpp"

namespace heirloom::cli::demo {

// What can be broken on purpose, to see that the demo tells.
enum class Sabotage { none, split_insert, no_repair };

struct Options {
  std::vector<std::string> inputs = {"/usr/share/common-licenses"};
  std::uint64_t kills = 200;
  std::optional<std::uint64_t> seed;
  std::string node;
  bool keep = false;
  Sabotage sabotage = Sabotage::none;
  bool no_progress = false;
};

// What the director passes to the others, and the supervisor to its workers.
struct Task {
  std::string node;
  std::string input;  // path of the copy of the input
  std::uint64_t kills = 0;
  std::uint64_t seed = 0;
  std::string name;  // a worker's, registered with the node
  bool split_insert = false;
};

int direct(const Options& options);
int supervise(const Task& task);
int work(const Task& task);
int read(const Task& task);
int audit(const Task& task);

// The table's name. Worker names: one works under one of them while the other waits under the other.
inline const char* const kTable = "words";
inline const char* const kWorkerNames[] = {"word_counter_1", "word_counter_2"};

// So much patience for what takes a moment, on a machine with better things to do too: beyond it, it hangs.
constexpr std::chrono::seconds kPatience{20};

inline std::int64_t nanoseconds_now() {  // CLOCK_MONOTONIC, the same in every process
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A line to whoever listens, at once. Throws OutputClosed when nobody does.
template <typename... Words>
void tell(const Words&... words);
void tell_line(const std::string& line);

}  // namespace heirloom::cli::demo

#include <sstream>

template <typename... Words>
void heirloom::cli::demo::tell(const Words&... words) {
  std::ostringstream line;
  const char* separator = "";
  ((line << std::exchange(separator, " ") << words), ...);
  tell_line(line.str());
}
