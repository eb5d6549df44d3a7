// SPDX-License-Identifier: Apache-2.0
//
// Nodes that no program has open: what a service leaves behind that was ended for good, or that waits for the next start of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli::doctor {

struct Leftover {
  std::filesystem::path node;
  std::size_t tables;
  std::uint64_t bytes;
  std::string problem = {};  // why it cannot be looked into, as when another version of Heirloom has made it
};

// Among the directories of this user in that one.
[[nodiscard]] std::vector<Leftover> find_leftovers(const std::filesystem::path& parent);

// Deletes the node with all its tables. Throws Error: already_exists when a program has it open, not_found when it is no node,
// not_permitted when there is something else in its directory, and what Node::open() throws.
Leftover reclaim(const std::filesystem::path& node);

// Segments that could not be opened, and were set aside in the node's directory `broken`.
[[nodiscard]] Leftover broken_segments(const std::filesystem::path& node);

}  // namespace heirloom::cli::doctor
