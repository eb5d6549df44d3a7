// SPDX-License-Identifier: Apache-2.0
//
// serve(): be the manager of a node, and nothing else, until told to stop. `heirloom serve` is this function.
//
//   serve("/dev/shm/myapp", {.ready = [] { std::cout << "ready\n"; }});
#pragma once

#include <chrono>
#include <cstdint>
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

// The manager that was ended.
struct ManagerEnded {
  std::int32_t process;  // of the operating system
};
struct TakeOverOptions {
  std::chrono::milliseconds timeout{2000};  // how long it is given to answer
  bool force = false;                       // end it though it answers
};

// Ends the manager of a node (SIGKILL) that does not answer, because it hangs or is stopped - and with it, when it is an embedded
// one, the program that it is part of. The next program in line takes over, or whoever serves next. Returns when the former is
// gone. Errors: no_manager (nobody is), badarg (it answers), not_found (its process cannot be seen from here, as from within
// another container), not_permitted.
ManagerEnded take_over(const std::filesystem::path& directory, const TakeOverOptions& options = {});

}  // namespace heirloom
