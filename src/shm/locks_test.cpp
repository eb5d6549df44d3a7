// SPDX-License-Identifier: Apache-2.0
//
// Locks of the dead and of the living: who may take a lock over, and who may not. Real processes and threads die here; what
// they leave inside a table is the matter of tests/crash.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "os/fd.hpp"
#include "shm/peers.hpp"
#include "shm/stripe_lock.hpp"

namespace heirloom::shm {
namespace {

class Locks : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/dev/shm/heirloom-locks-XXXXXX";
    path_ = ::mkdtemp(path);
    std::filesystem::create_directory(path_ + "/processes");
    directory_ = os::Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    lock_ = static_cast<StripeLock*>(page);
  }
  void TearDown() override {
    ::munmap(lock_, 4096);
    std::filesystem::remove_all(path_);
  }

  [[nodiscard]] Attachment attach() const { return Attachment::attach(directory_.get(), true).value_or_raise(); }
  static Holder me(const Attachment& attachment) {
    return Holder::of(*attachment.peers, attachment.process->number(), attachment.process->this_thread().name);
  }

  // Runs in a process of its own, which tells by a pipe that it has done so, and then waits to be killed.
  template <typename Body>
  pid_t start(Body body) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      body();
      if (::write(ready[1], "r", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
  }
  static void kill_and_reap(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  std::string path_;
  os::Fd directory_;
  StripeLock* lock_ = nullptr;
};

TEST_F(Locks, AFreeLockIsTakenAndGivenBack) {
  const Attachment mine = attach();
  EXPECT_EQ(lock_->acquire(me(mine)), 0u);
  EXPECT_EQ(lock_->holder_token(), me(mine).token);
  lock_->release();
  EXPECT_EQ(lock_->holder_token(), 0u);
}

TEST_F(Locks, TheLockOfAKilledProgramIsTakenOver) {
  const pid_t child = start([&] {
    static Attachment attachment = attach();
    lock_->acquire(me(attachment));
  });
  const Attachment mine = attach();
  kill_and_reap(child);
  const std::uint64_t dead = lock_->holder_token();
  EXPECT_EQ(lock_->acquire(me(mine)), dead);
}

TEST_F(Locks, WhoWaitsForAKilledProgramGetsItsLock) {
  const pid_t child = start([&] {
    static Attachment attachment = attach();
    lock_->acquire(me(attachment));
  });
  const Attachment mine = attach();
  const std::uint64_t dead = lock_->holder_token();
  std::uint64_t taken = 0;
  std::thread waiter([&] { taken = lock_->acquire(me(mine)); });
  kill_and_reap(child);
  waiter.join();
  EXPECT_EQ(taken, dead);
}

TEST_F(Locks, TheLockOfALivingThreadIsWaitedFor) {
  const Attachment mine = attach();
  lock_->acquire(me(mine));
  std::uint64_t taken = 1;
  std::thread waiter([&] { taken = lock_->acquire(me(mine)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(60));  // the waiter looks again meanwhile, and again
  EXPECT_EQ(lock_->holder_token(), me(mine).token);
  lock_->release();
  waiter.join();
  EXPECT_EQ(taken, 0u);
}

TEST_F(Locks, AThreadThatHasEndedIsNotItsSuccessorInTheSameSlot) {
  const Attachment mine = attach();
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::thread([&] { first = mine.process->this_thread().name; }).join();
  std::thread([&] {
    second = mine.process->this_thread().name;
    EXPECT_EQ(mine.peers->thread_life(mine.process->number(), second), Peers::Life::alive);
    EXPECT_EQ(mine.peers->thread_life(mine.process->number(), first), Peers::Life::dead);
  }).join();
  EXPECT_EQ(slot_of_thread(first), slot_of_thread(second));
  EXPECT_NE(first, second);
}

TEST_F(Locks, AProgramThatCannotOpenFilesTakesNobodyForDead) {
  const pid_t child = start([&] {
    static Attachment attachment = attach();
    static_cast<void>(attachment.process->this_thread());
  });
  const Attachment mine = attach();
  const std::uint32_t other = mine.process->number() - 1;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &none);
  const bool dead = mine.peers->dead(other);
  const Peers::Life life = mine.peers->thread_life(other, thread_name(1, 0));
  const std::uint64_t safe = mine.peers->advance_epoch();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(dead);
  EXPECT_EQ(life, Peers::Life::unknown);
  EXPECT_EQ(safe, 0u);  // no reader was seen, so none was passed
  kill_and_reap(child);
  EXPECT_TRUE(mine.peers->dead(other));
}

TEST_F(Locks, AReaderHoldsUpTheEpochUntilItDies) {
  const pid_t child = start([&] {
    static Attachment attachment = attach();
    attachment.process->this_thread().slot->epoch.store(attachment.node->epoch().load());
  });
  const Attachment mine = attach();
  const std::uint64_t entered = mine.node->epoch().load();
  EXPECT_EQ(mine.peers->advance_epoch(), entered);
  EXPECT_EQ(mine.peers->advance_epoch(), entered);
  kill_and_reap(child);
  EXPECT_GT(mine.peers->advance_epoch(), entered);
}

TEST_F(Locks, AThreadThatOutlivesItsProgramsLifeWordIsOneOfTheLiving) {
  const pid_t child = start([&] {
    static Attachment attachment = attach();
    lock_->acquire(me(attachment));
    attachment.process->this_thread().slot->epoch.store(attachment.node->epoch().load());
    std::atomic<bool> held{false};
    std::thread([&] {
      attachment.process->hold_program_life();
      held.store(true);
      ::syscall(SYS_exit, 0);  // of this thread alone, as the kernel sees the first of a killed program
    }).detach();
    while (!held.load()) std::this_thread::yield();
  });
  const Attachment mine = attach();
  const std::uint32_t other = mine.process->number() - 1;
  while (!mine.peers->dead(other)) std::this_thread::yield();
  EXPECT_TRUE(mine.peers->runs(other));
  const std::uint64_t entered = mine.node->epoch().load();
  EXPECT_EQ(mine.peers->advance_epoch(), entered);
  EXPECT_EQ(mine.peers->thread_life(other, static_cast<std::uint32_t>(lock_->holder_token())), Peers::Life::alive);
  kill_and_reap(child);
  EXPECT_FALSE(mine.peers->runs(other));
  const std::uint64_t dead = lock_->holder_token();
  EXPECT_EQ(lock_->acquire(me(mine)), dead);
}

TEST_F(Locks, AForkedChildHidesNotTheDeathOfItsParent) {
  const pid_t child = start([&] {
    static Attachment attachment = attach();
    attachment.process->hold_program_life();
    lock_->acquire(me(attachment));
    if (::fork() == 0) {
      ::sleep(5);
      ::_exit(0);
    }
  });
  const Attachment mine = attach();
  kill_and_reap(child);
  EXPECT_TRUE(mine.peers->dead(mine.process->number() - 1));
  const std::uint64_t dead = lock_->holder_token();
  EXPECT_EQ(lock_->acquire(me(mine)), dead);
}

}  // namespace
}  // namespace heirloom::shm
