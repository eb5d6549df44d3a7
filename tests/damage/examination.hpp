// SPDX-License-Identifier: Apache-2.0
//
// Examination: everything that can be done with a table, done with one that may be damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "specimen.hpp"

namespace heirloom::damage {

// What all ways of reading show. A way that damage stopped shows nothing.
struct Reading {
  static constexpr std::size_t kWays = 6;
  std::optional<std::vector<Term>>
      ways[kWays];       // tab2list; lookup of each key; up and down from key to key; search; size
  bool corrupt = false;  // that is what stopped some way, or a call that tells of the table
  bool odd = false;      // some way was stopped by another error
};

// Throws std::runtime_error where a call does what damage must not make it do: throw an error of another kind, or show more than there
// can be.
Reading read_all(const table::Table& table, const Specimen& specimen);
// Writes into each stripe, overwrites, counts, deletes one by one and all at once. What it stores may be wrong.
void write_all(table::Table& table, const Specimen& specimen);

// What came of damage, from the best to the worst that is allowed.
enum class Outcome {
  harmless,  // every answer is as before
  refused,   // the table does not open
  reported,  // a call says what is wrong
  found,     // no call says it, but `check` does
  unseen,    // nobody can see it: what an object holds has changed
};
// Opens, reads, checks, writes, checks again. Throws std::runtime_error for any other outcome.
Outcome examine(const table::TestNode& node, const shm::Attachment& attachment, const Specimen& specimen,
                const Reading& healthy);
// Of a table that is not damaged.
Reading read_healthy(const table::TestNode& node, const shm::Attachment& attachment, const Specimen& specimen);

}  // namespace heirloom::damage
