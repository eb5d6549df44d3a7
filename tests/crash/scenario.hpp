// SPDX-License-Identifier: Apache-2.0
//
// Kill at every step. A child prepares a table and is then stepped through one operation, instruction by instruction. Each
// distinct image of the shared bytes that it passes through is judged once (judge.hpp): to be killed at any instruction is to
// leave the image that was there before it. Besides, each state must turn into the next one at one instruction, for good.
//
// What this cannot see: stores that other processors see in another order than the child makes them (the release stores and
// x86 exclude that; ThreadSanitizer and the stress test look at it), and what happens inside of a system call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "image.hpp"
#include "judge.hpp"
#include "state.hpp"

namespace heirloom::crash {

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
  std::optional<Image> start = {};  // instead of a new table: what a dead process left, which the operation meets
};

// Where stepping came to a new image.
struct Moment {
  Image image;
  std::uint64_t step;
  std::uint64_t address;  // of the instruction that made it
};

struct Recording {
  std::uint64_t instructions = 0;
  std::vector<Moment> moments;    // distinct; the first is the image before the operation
  std::vector<std::size_t> path;  // indices of moments, as they were passed through
  std::string failure;            // of the child
};
Recording record(const Scenario& scenario);

struct Outcome {
  Recording recording;
  std::vector<Verdict> verdicts;  // of each moment
  std::vector<std::string> failures;
};
// Steps, judges, and adds a line to the table that is printed at the end.
Outcome kill_at_every_step(const Scenario& scenario);

// The same, as the body of a test.
void expect_old_or_new_at_every_step(const Scenario& scenario);

// Runs the operation again some times, stops it at some of its instructions, has another process wait for its locks, and
// really kills it: the other must get them, and find the same. Returns the number of kills.
int kill_for_real(const Scenario& scenario, const Recording& recording, const Expected& expected, int kills,
                  std::vector<std::string>& failures);

}  // namespace heirloom::crash
