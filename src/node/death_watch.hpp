// SPDX-License-Identifier: Apache-2.0
//
// DeathWatch: tells at once when a program dies, by its life word: the kernel changes and wakes that word before it takes
// the program's memory apart, so the size of the dead does not matter. Why not the connection's end or a pidfd? Those come
// after the memory is gone: 120 ms for 8 GiB of tables.
//
// futex_waitv waits for 128 words at once, so each thread waits for 127 programs and for one word of its own by which it is
// told of changes. The kernel wakes one waiter at a death, which may be somebody else's: who wakes, wakes all - and since
// that one may die too, every wait ends after a while and looks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "shm/peers.hpp"

namespace heirloom::node {

class DeathWatch {
 public:
  // `died` is called on a thread of the watch, at most once a program and add().
  explicit DeathWatch(std::function<void(std::uint32_t program)> died);
  ~DeathWatch();
  DeathWatch(const DeathWatch&) = delete;
  DeathWatch& operator=(const DeathWatch&) = delete;

  void add(std::uint32_t program, shm::Peers::LifeWordRef word);
  void remove(std::uint32_t program);

  static constexpr std::size_t kProgramsAThread = 127;
  // The kernel wakes one of those that wait for a death. Should that one die before it wakes the others, the pidfd tells it, though
  // later; only for a program without one this is what counts.
  static constexpr std::chrono::milliseconds kLookAgain{10000};

 private:
  class Watcher;

  const std::function<void(std::uint32_t)> died_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
};

}  // namespace heirloom::node
