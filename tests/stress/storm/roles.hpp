// SPDX-License-Identifier: Apache-2.0
//
// Roles: what the processes of a storm do, each after a fork, in a process that has no node open. None returns but the founder and
// the auditor.
#pragma once

#include <string>

#include "storm/book.hpp"

namespace heirloom::stress::storm {

struct Scene {
  Kind kind;
  Options options;
  std::string directory;
  Arena& arena;
};

void serve_node(const Scene& scene);
// Makes the public table, a node table, and leaves.
void found_table(const Scene& scene);
// Has the table manager of the protected table.
void keep_table(const Scene& scene);
// A writer of the public table.
void write_on(const Scene& scene, std::uint32_t player, std::uint64_t seed);
// Of the protected table: waits for it, and writes.
void stand_by_and_write_on(const Scene& scene, std::uint32_t player, std::uint64_t seed);
void read_on(const Scene& scene, std::uint32_t player, std::uint64_t seed);
void audit_once(const Scene& scene);

}  // namespace heirloom::stress::storm
