// SPDX-License-Identifier: Apache-2.0
//
// Kill at every step. A child prepares a table and is then stepped through one operation, instruction by instruction.
// Each distinct image of the shared bytes that it passes through is judged once (judge.hpp): to be killed at any
// instruction is to leave the image that was there before it. Besides, each state must turn into the next one at one
// instruction, for good.
//
// What this cannot see: stores that other processors see in another order than the child makes them (the release stores
// and x86 exclude that; ThreadSanitizer and the stress test look at it), and what happens inside of a system call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "image.hpp"
#include "judge.hpp"
#include "recording.hpp"
#include "state.hpp"

namespace heirloom::crash {

inline constexpr std::uint32_t kStripe = 3;  // any one, where a scenario is about what happens in a single stripe

struct Scenario {
  std::string name;
  std::function<void(Session&)> prepare;
  std::function<void(Session&)> operation;
  std::function<void(State&)> effect;  // what the operation does to the state
  std::uint64_t max_bytes = std::uint64_t{1} << 20;
  TableType type = TableType::set;
  bool compressed = false;
  bool full = false;
  bool sabotage = false;
  std::vector<std::function<void(State&)>> effects = {};  // instead, of one that is done in several steps
  std::size_t every_of_a_copy = kEveryImage;              // of large objects: recording.hpp
  std::optional<Image> start = {};  // instead of a new table: what a dead process left, which the operation meets
};

Recording record(const Scenario& scenario);

struct Outcome {
  Recording recording;
  std::vector<std::optional<Verdict>> verdicts;  // of each moment that was judged
  std::vector<std::string> failures;
};
// Steps, judges, and adds a line to the table that is printed at the end.
Outcome kill_at_every_step(const Scenario& scenario);

// The same, as the body of a test.
Outcome expect_old_or_new_at_every_step(const Scenario& scenario);

// Runs the operation again some times, stops it at some of its instructions, has another process wait for its locks,
// and really kills it: the other must get them, and find the same. Returns the number of kills.
int kill_for_real(const Scenario& scenario, const Recording& recording, const Expected& expected, int kills,
                  std::vector<std::string>& failures);

}  // namespace heirloom::crash
