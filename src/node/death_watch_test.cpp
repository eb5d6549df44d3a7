// SPDX-License-Identifier: Apache-2.0
//
// Strategy: words in memory that the test itself marks dead, as the kernel does, more of them than one thread can wait for.
#include "node/death_watch.hpp"

#include <linux/futex.h>

#include <condition_variable>
#include <set>

#include <gtest/gtest.h>

#include "os/futex.hpp"

namespace heirloom::node {
namespace {

constexpr std::uint32_t kAlive = 4711 | FUTEX_WAITERS;

struct Deaths {
  void add(std::uint32_t program) {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(programs.insert(program).second) << "told twice";
    changed.notify_all();
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return programs.size() >= count; });
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::uint32_t> programs;
};

void die(std::atomic<std::uint32_t>& word) {
  word.store(kAlive | FUTEX_OWNER_DIED);
  os::futex_wake(word, 1);
}

TEST(DeathWatch, EachDeathIsToldOnceAmongMoreProgramsThanOneThreadWatches) {
  std::vector<std::shared_ptr<std::atomic<std::uint32_t>>> words;
  Deaths deaths;
  DeathWatch watch([&](std::uint32_t program) { deaths.add(program); });
  for (std::uint32_t program = 0; program < 300; ++program) {
    words.push_back(std::make_shared<std::atomic<std::uint32_t>>(kAlive));
    watch.add(program, words.back());
  }
  for (std::uint32_t program = 0; program < 300; program += 3) die(*words[program]);
  deaths.wait_for(100);
  EXPECT_EQ(deaths.programs.size(), 100U);
}

TEST(DeathWatch, ADeathBeforeTheWatchBeganIsTold) {
  const auto word = std::make_shared<std::atomic<std::uint32_t>>(kAlive | FUTEX_OWNER_DIED);
  Deaths deaths;
  DeathWatch watch([&](std::uint32_t program) { deaths.add(program); });
  watch.add(7, word);
  deaths.wait_for(1);
}

TEST(DeathWatch, WhatIsNoLongerWatchedIsNotTold) {
  const auto one = std::make_shared<std::atomic<std::uint32_t>>(kAlive);
  const auto two = std::make_shared<std::atomic<std::uint32_t>>(kAlive);
  Deaths deaths;
  DeathWatch watch([&](std::uint32_t program) { deaths.add(program); });
  watch.add(1, one);
  watch.add(2, two);
  watch.remove(1);
  die(*one);
  die(*two);
  deaths.wait_for(1);
  EXPECT_EQ(deaths.programs, std::set<std::uint32_t>{2});
}

}  // namespace
}  // namespace heirloom::node
