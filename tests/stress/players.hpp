// SPDX-License-Identifier: Apache-2.0
//
// Players: processes that use one node at the same time, each in a role of its own, for a while. What one of them throws fails the
// test.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "heirloom/heirloom.hpp"

namespace heirloom::stress {

// A page that all players share, for what a test counts.
struct Counters {
  std::atomic<std::uint64_t> values[16];
};

class Players {
 public:
  struct Stage {
    Node& node;
    Table& table;  // of the test, "table"
    std::mt19937_64& random;
    Counters& counters;
  };
  // Called again and again.
  using Role = std::function<void(Stage&)>;

  // Starts a process for each role. To be made before this process opens a node, since it forks; they begin with play().
  explicit Players(std::vector<Role> roles);
  ~Players();
  Players(const Players&) = delete;
  Players& operator=(const Players&) = delete;

  // Lets them play in the node of this directory, which has the table. `meanwhile` is called until the time is over.
  void play(const std::string& directory, double for_seconds, const std::function<void()>& meanwhile = {});
  void kill(std::size_t player);  // by SIGKILL
  // After play().
  [[nodiscard]] std::uint64_t counted(std::size_t counter) const;
  [[nodiscard]] std::uint64_t rounds(std::size_t player) const;
  [[nodiscard]] std::vector<std::string> failures() const;

 private:
  struct Shared;
  void run(std::size_t player, const Role& role);
  Shared* shared_;
  std::vector<pid_t> processes_;
};

}  // namespace heirloom::stress
