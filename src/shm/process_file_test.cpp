// SPDX-License-Identifier: Apache-2.0
//
// A thread's slot, from its first use of a node to the end of the thread.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "os/fd.hpp"
#include "shm/peers.hpp"

namespace heirloom::shm {
namespace {

class ProcessFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/dev/shm/heirloom-process-file-XXXXXX";
    path_ = ::mkdtemp(path);
    std::filesystem::create_directory(path_ + "/processes");
    directory_ = os::Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  [[nodiscard]] Attachment attach() const { return Attachment::attach(directory_.get(), true).value_or_raise(); }

  std::string path_;
  os::Fd directory_;
};

struct AtThreadEnd {
  std::function<void()> call;
  ~AtThreadEnd() {
    if (call) call();
  }
};
thread_local AtThreadEnd at_thread_end;

TEST_F(ProcessFiles, ADestructorThatRunsAfterTheSlotWasGivenBackGetsAnother) {
  const Attachment mine = attach();
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::thread([&] {
    // Made before the thread has a slot, and so destroyed after it has none any more.
    at_thread_end.call = [&] {
      second = mine.process->this_thread().name;
      EXPECT_EQ(mine.peers->thread_life(mine.process->number(), first), Peers::Life::dead);
      EXPECT_EQ(mine.peers->thread_life(mine.process->number(), second), Peers::Life::alive);
    };
    first = mine.process->this_thread().name;
  }).join();
  EXPECT_NE(first, second);
  EXPECT_EQ(mine.peers->thread_life(mine.process->number(), second), Peers::Life::dead);
  std::uint32_t third = 0;
  std::thread([&] { third = mine.process->this_thread().name; }).join();
  EXPECT_EQ(slot_of_thread(third), slot_of_thread(second)) << "the slot was never given back";
}

}  // namespace
}  // namespace heirloom::shm
