// SPDX-License-Identifier: Apache-2.0
#include "doctor/leftovers.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace heirloom::cli::doctor {

namespace fs = std::filesystem;

namespace {

bool is_own_node(const fs::path& directory) {
  struct stat facts {};
  if (::lstat(directory.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode) || facts.st_uid != ::getuid()) return false;
  std::error_code none;
  return fs::is_regular_file(directory / "node", none) && fs::is_regular_file(directory / "journal", none);
}

Leftover contents_of(const Node& node) {
  Leftover found{node.directory(), 0, 0};
  for (const TableInfo& table : node.tables()) {
    ++found.tables;
    found.bytes += table.memory_bytes;
  }
  return found;
}

// Nothing: it is none, or a program has it open.
std::optional<Leftover> look_at(const fs::path& directory) {
  if (!is_own_node(directory)) return std::nullopt;
  try {
    static_cast<void>(
        Node::open(directory, {.role = NodeRole::client, .create = false, .timeout = std::chrono::seconds(1)}));
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::no_manager)
      return Leftover{directory, 0, 0, directory.string() + ": " + error.what()};
  }
  try {
    return contents_of(Node::open(directory, {.role = NodeRole::observer, .create = false}));
  } catch (const Error& error) {
    return Leftover{directory, 0, 0, directory.string() + ": " + error.what()};
  }
}

// Whoever asks for the wrong directory loses nothing.
void require_node_alone(const fs::path& directory, const std::string& operation) {
  if (!is_own_node(directory))
    throw Error(ErrorCode::not_found, operation,
                "this is no node of this user: a directory with the files `node` and `journal`");
  constexpr std::array<std::string_view, 7> kOwn{"node",   "manager.lock", "manager.sock", "journal",
                                                 "tables", "processes",    "broken"};
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (std::find(kOwn.begin(), kOwn.end(), name) == kOwn.end())
      throw Error(ErrorCode::not_permitted, operation,
                  "there is a \"" + name + "\" in it, which is none of a node's files");
  }
}

std::size_t programs_of(const fs::path& node) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(node / "processes")) ++count;
  return count;
}

}  // namespace

std::vector<Leftover> find_leftovers(const fs::path& parent) {
  std::vector<Leftover> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(parent, none)) {
    if (auto leftover = look_at(entry.path())) found.push_back(*std::move(leftover));
  }
  return found;
}

// As its manager: nobody else can be that, and programs that are still there are known to it. Then it gets another name, under which
// nobody looks for it, before it is left.
Leftover reclaim(const fs::path& directory) {
  const std::string operation = "reclaim \"" + directory.string() + '"';
  require_node_alone(directory, operation);
  const fs::path aside = directory.lexically_normal().string() + ".reclaimed-" + std::to_string(::getpid());
  std::optional<Leftover> found;
  {
    const Node node = Node::open(directory, {.create = false});
    if (!node.is_manager() || programs_of(directory) > 1)
      throw Error(ErrorCode::already_exists, operation, "a program has this node open");
    found = contents_of(node);
    fs::rename(directory, aside);
  }
  fs::remove_all(aside);
  return *found;
}

Leftover broken_segments(const fs::path& node) {
  Leftover found{node / "broken", 0, 0};
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(found.node, none)) {
    ++found.tables;
    found.bytes += entry.file_size(none);
  }
  return found;
}

}  // namespace heirloom::cli::doctor
