// SPDX-License-Identifier: Apache-2.0
//
// Strategy: a world of programs, processes and tables without any input or output. A seed chooses what happens next: tables
// are made, given away and dropped, heirs and names set, processes and programs die, messages are read late - and the
// manager dies at any of its effects, before or after it, and another one goes on from what was recorded. Now and then all
// that is under way is let come to rest, and the invariants are checked.
//
// Table managers take part: the real ones (ManagedTable), whose find_me is slow, throws, or returns the dead, who never were or the
// manager itself, and whose calls fail now and then; and others who give to anybody.
//
// It would catch: a table with two owners or none it should have, a node table lost, a transfer lost or told twice, a notice
// of a death before the tables have moved, a death never told, a record that the next manager reads differently, a table in
// quarantine that somebody owns, a candidate that waits while the table lies with its manager, a lineage with a gap; a table manager
// that waits for nothing, follows the dead, or has given its table away and is not its heir.
//
// HEIRLOOM_SEED replays one run, HEIRLOOM_ROUNDS sets how many seeds are tried.
#include <cstdio>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "node/manager_world.hpp"

namespace heirloom::node {
namespace {

// Of 1,500 steps each. A sanitizer takes ten to thirty times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint32_t kRounds = 100;
#else
constexpr std::uint32_t kRounds = 1000;
#endif

TEST(ManagerSimulation, NoTableIsLostAndNoTransferToldTwiceWhoeverDiesWhenever) {
  const char* given = std::getenv("HEIRLOOM_SEED");
  const char* rounds_text = std::getenv("HEIRLOOM_ROUNDS");
  const std::uint32_t first =
      given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
  const std::uint32_t rounds = given != nullptr         ? 1
                               : rounds_text != nullptr ? static_cast<std::uint32_t>(std::atoi(rounds_text))
                                                        : kRounds;
  std::printf("seed %u, %u rounds\n", first, rounds);
  for (std::uint32_t round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("HEIRLOOM_SEED=" + std::to_string(first + round));
    World world(first + round);
    for (int step = 0; step < 1500 && !testing::Test::HasFailure(); ++step) world.step();
    if (!testing::Test::HasFailure()) world.settle();
  }
}

}  // namespace
}  // namespace heirloom::node
