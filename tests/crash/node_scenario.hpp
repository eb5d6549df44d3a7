// SPDX-License-Identifier: Apache-2.0
//
// Kill at every step of what happens to a node directory: a child has the node open, as its manager or not, and is
// stepped through one operation with all its threads - the caller's, that of its connection, the manager's, the death
// watch's. The image is the whole directory: names, files, bytes. Each distinct one is judged once: another program
// opens the directory, as it would after the death of all programs in it, and finds each table wholly or not at all,
// nothing left over, and everything of use.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "heirloom/node.hpp"

#include "recording.hpp"

namespace heirloom::crash {

// A program that uses a node.
struct Program {
  std::filesystem::path path;  // of the node directory
  std::optional<Node> node;
  std::map<std::string, heirloom::Table> tables;

  void open(NodeRole role = NodeRole::any);
  heirloom::Table& table(const std::string& name) { return tables.at(name); }
  void create(const std::string& name, const TableOptions& options = {});
  void open_or_create(const std::string& name);
  void leave();  // in good order
};
using Life = std::function<void(Program&)>;

// Where a node directory lay when its control file was written: a copy lies elsewhere, and counts as one of another
// boot until it is moved (node_judge.hpp).
struct Place {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// What a program leaves that is killed after this life.
struct Remains {
  Image image;
  Place place;
};
Remains left_by(const Life& life);

// What a program finds that opens a node whose programs are all dead: each table's objects, and who has owned it; by
// name.
using World = std::map<std::string, std::string>;

struct NodeScenario {
  std::string name;
  Life prepare = {};
  Life operation;
  std::vector<World> worlds;          // in the order in which the operation goes through them: before, ..., after
  std::optional<Remains> start = {};  // instead of no directory
  bool other_boot = false;            // the machine was started anew since
  Life beside = {};                   // another program, which lives at full speed beside the stepped one
};

void expect_each_world_whole(const NodeScenario& scenario);

}  // namespace heirloom::crash
