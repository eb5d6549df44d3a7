// SPDX-License-Identifier: Apache-2.0
//
// For tests: a public table and programs that are stopped in the middle of a write to it. They write without end, and are stopped again
// and again until they are found there: so no write is made for the test.
#pragma once

#include <fcntl.h>
#include <signal.h>

#include <bit>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "node/helper_program.hpp"
#include "os/fd.hpp"
#include "shm/segment.hpp"
#include "table/layout.hpp"
#include "term/hash.hpp"

namespace heirloom::node {

class Stopped : public NodeDirectoryTest {
 protected:
  // The manager is program 1, and owns the public table `words`, in which each stripe has an object {Key, before}.
  void SetUp() override {
    manager.get("open " + node());
    manager.get("create_public words 2097152");
    manager.get("register manager");
    directory_ = os::Fd(::open((node() + "/tables").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    segment_ = shm::Segment::open(directory_.get(), "1").value_or_raise();
    for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe)
      manager.get("insert words {" + key_of(stripe) + ",before}");
  }
  static void open(HelperProgram& program, const std::string& node) {
    program.get("open " + node);
    program.get("find words");
  }

  // A key of that stripe, and another one.
  [[nodiscard]] std::string key_of(std::uint32_t stripe) const { return key_of(stripe, 0); }
  [[nodiscard]] std::string other_key_of(std::uint32_t stripe) const { return key_of(stripe, 1'000'000); }
  [[nodiscard]] std::string key_of(std::uint32_t stripe, std::int64_t from) const {
    const auto& header = *reinterpret_cast<const table::TableHeader*>(segment_->header().table);
    const int shift = 64 - std::countr_zero(segment_->stripe_count());
    std::int64_t key = from;
    while (term::hash(Term(key).view(), header.seed) >> shift != stripe) ++key;
    return std::to_string(key);
  }

  struct Held {
    std::uint32_t stripe;
    std::uint64_t token;  // program and thread, as lock words say it
  };
  // The stripes whose locks the program holds; none while it has the lock of the page pool, too, for which everybody may wait.
  [[nodiscard]] std::vector<Held> held_by(std::uint32_t program) const {
    std::vector<Held> held;
    if (segment_->header().pool_lock.holder_token() >> 32 == program) return held;
    for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
      const std::uint64_t token = segment_->stripe(stripe).lock.holder_token();
      if (token >> 32 == program) held.push_back({stripe, token});
    }
    return held;
  }
  // Stops it; returns when all its threads have stopped. It need not be a child.
  static void stop(pid_t process) {
    ::kill(process, SIGSTOP);
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
      for (std::string text; text.find(") T") == std::string::npos;) {
        std::ifstream stat(task.path() / "stat");
        std::getline(stat, text);
      }
    }
  }
  // Stops it, and lets it go on, until so many of its threads are in the middle of a write.
  [[nodiscard]] std::vector<Held> stop_in_write(pid_t process, std::uint32_t number, std::size_t threads = 1) const {
    for (;;) {
      stop(process);
      if (auto held = held_by(number); held.size() == threads) return held;
      ::kill(process, SIGCONT);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  void expect_that_all_can_be_written_and_is_whole(HelperProgram& program) const {
    for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe)
      program.get("insert words {" + key_of(stripe) + ",later}");
    EXPECT_EQ(program.get("check words"), "fine");
  }

  HelperProgram manager;

 private:
  os::Fd directory_;
  std::unique_ptr<shm::Segment> segment_;
};

}  // namespace heirloom::node
