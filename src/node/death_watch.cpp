// SPDX-License-Identifier: Apache-2.0
#include "node/death_watch.hpp"

#include <atomic>
#include <climits>
#include <thread>
#include <utility>

#include "os/futex.hpp"
#include "os/own_thread.hpp"

namespace heirloom::node {

class DeathWatch::Watcher {
 public:
  explicit Watcher(const std::function<void(std::uint32_t)>& died) : died_(died) {
    thread_ = os::start_own_thread([this] { run(); });
  }
  ~Watcher() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    ring();
    thread_.join();
  }

  bool add(std::uint32_t program, const shm::Peers::LifeWordRef& word) {
    {
      const std::lock_guard lock(mutex_);
      if (watched_.size() >= kProgramsAThread) return false;
      watched_.push_back({program, word});
    }
    ring();
    return true;
  }

  bool remove(std::uint32_t program) {
    {
      const std::lock_guard lock(mutex_);
      if (std::erase_if(watched_, [program](const Watched& one) { return one.program == program; }) == 0) return false;
    }
    ring();
    return true;
  }

 private:
  struct Watched {
    std::uint32_t program;
    shm::Peers::LifeWordRef word;
  };

  void ring() {
    bell_.fetch_add(1, std::memory_order_release);
    os::futex_wake(bell_, 1);
  }

  void run() {
    for (;;) {
      // Read before the list: a change made after it makes the wait below return at once.
      const std::uint32_t bell = bell_.load(std::memory_order_acquire);
      std::vector<Watched> living;
      std::vector<os::FutexWait> waits{{&bell_, bell}};
      std::vector<std::uint32_t> dead;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        std::erase_if(watched_, [&](const Watched& one) {
          const std::uint32_t value = one.word->load(std::memory_order_acquire);
          if (shm::Peers::life_word_dead(value)) {
            os::futex_wake(*one.word, INT_MAX);
            dead.push_back(one.program);
            return true;
          }
          waits.push_back({one.word.get(), value});
          return false;
        });
        living = watched_;  // keeps the words mapped while we wait on them
      }
      for (const std::uint32_t program : dead) died_(program);
      if (dead.empty()) os::futex_wait_any(waits, kLookAgain);
    }
  }

  const std::function<void(std::uint32_t)>& died_;
  std::atomic<std::uint32_t> bell_{0};
  std::mutex mutex_;
  std::vector<Watched> watched_;
  bool stopping_ = false;
  std::thread thread_;
};

DeathWatch::DeathWatch(std::function<void(std::uint32_t)> died) : died_(std::move(died)) {}
DeathWatch::~DeathWatch() = default;

void DeathWatch::add(std::uint32_t program, shm::Peers::LifeWordRef word) {
  const std::lock_guard lock(mutex_);
  for (const auto& watcher : watchers_) {
    if (watcher->add(program, word)) return;
  }
  watchers_.push_back(std::make_unique<Watcher>(died_));
  watchers_.back()->add(program, word);
}

void DeathWatch::remove(std::uint32_t program) {
  const std::lock_guard lock(mutex_);
  for (const auto& watcher : watchers_) {
    if (watcher->remove(program)) return;
  }
}

}  // namespace heirloom::node
