// SPDX-License-Identifier: Apache-2.0
//
// serve(): be the manager of a node, and nothing else, until told to stop. `heirloom serve` is this function.
//
//   serve("/dev/shm/myapp", {.ready = [] { std::cout << "ready\n"; }});
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace heirloom {

struct ServeOptions {
  bool create = true;                                // make the directory when it is missing
  std::function<void()> ready = {};                  // called once programs can connect
  std::function<void(const std::string&)> log = {};  // what people may want to know; called from one thread at a time
  // Asked about twenty times a second; true ends it. Without it SIGTERM and SIGINT do (which must not be handled otherwise).
  std::function<bool()> stop = {};
};

// Returns after it was told to stop; the tables stay, and the next manager adopts them. Errors: already_exists (another
// manager has the node: its pid is in the detail), those of Node::open.
void serve(const std::filesystem::path& directory, const ServeOptions& options = {});

}  // namespace heirloom
