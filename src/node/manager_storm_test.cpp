// SPDX-License-Identifier: Apache-2.0
//
// Strategy: two programs hand a table to each other as fast as they can, and write to it each time; the manager is killed again and
// again at random moments, and another one started. A transfer that was recorded and not delivered must be delivered by the next
// manager, once; a call whose answer was lost must have happened or not; nothing that was written may be lost.
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

class ManagerStorm : public NodeDirectoryTest {
 protected:
  std::unique_ptr<HelperProgram> serve() {
    auto manager = std::make_unique<HelperProgram>(std::vector<std::string>{"serve", node(), base() / "log"});
    EXPECT_EQ(manager->hear(), "ok ready");
    return manager;
  }
  std::unique_ptr<HelperProgram> player(const std::string& name) {
    auto player = std::make_unique<HelperProgram>();
    player->get("open " + node() + " client");
    player->get("register " + name);
    return player;
  }
};

TEST_F(ManagerStorm, TakesNoTurnAwayAndGivesNoneTwice) {
  constexpr std::uint64_t kTurns = 20000;
  constexpr int kKills = 40;
  auto manager = serve();
  const auto ping = player("ping");
  const auto pong = player("pong");
  {
    const Node opened = Node::open(node(), {.role = NodeRole::client});
    Table ball = Node(opened).open_or_create("ball"_atom);
    ping->say("play pong " + std::to_string(kTurns));
    pong->say("play ping " + std::to_string(kTurns));
    ball.give_away("ping"_atom, 0);
  }
  std::mt19937 random(std::random_device{}());
  int kills = 0;
  for (; kills < kKills; ++kills) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 15000));
    manager->kill();
    manager = serve();
  }
  // The game ends for each when there are so many numbers; the last turns go to whoever is still playing.
  const std::string first = ping->hear();
  const std::string second = pong->hear();
  EXPECT_EQ(first.rfind("ok ", 0), 0U) << first;
  EXPECT_EQ(second.rfind("ok ", 0), 0U) << second;
  const Node opened = Node::open(node(), {.role = NodeRole::client});
  const Table ball = opened.open_table("ball"_atom);
  const std::uint64_t turns = std::stoull(first.substr(3)) + std::stoull(second.substr(3));
  EXPECT_EQ(ball.size(), turns) << "a turn was lost, or given twice";
  for (std::uint64_t number = 1; number <= turns; ++number) ASSERT_TRUE(ball.member(number)) << number;
  EXPECT_TRUE(ball.check().ok);
  EXPECT_GE(ball.info().generation, turns);
}

}  // namespace
}  // namespace heirloom::node
