// SPDX-License-Identifier: Apache-2.0
//
// For tests: one running node_helper, and a node directory that goes with the test.
#pragma once

#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "os/fd.hpp"

namespace heirloom::node {

class HelperProgram {
 public:
  explicit HelperProgram(std::vector<std::string> arguments = {}) {
    std::array<int, 2> to_child{};
    std::array<int, 2> from_child{};
    EXPECT_EQ(::pipe2(to_child.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(from_child.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], 1);
    std::string program = HEIRLOOM_NODE_HELPER;
    std::vector<char*> argv{program.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    in_ = os::Fd(to_child[1]);
    out_ = os::Fd(from_child[0]);
    ::close(to_child[0]);
    ::close(from_child[1]);
  }
  ~HelperProgram() {
    if (pid_ > 0) kill();
  }
  HelperProgram(const HelperProgram&) = delete;
  HelperProgram& operator=(const HelperProgram&) = delete;

  void say(const std::string& line) {
    const std::string bytes = line + '\n';
    EXPECT_EQ(::write(in_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  // One line; empty when the program has ended.
  std::string hear() {
    std::string line;
    for (char byte = 0; ::read(out_.get(), &byte, 1) == 1 && byte != '\n';) line += byte;
    return line;
  }
  std::string ask(const std::string& line) {
    say(line);
    return hear();
  }
  // What came after "ok "; fails the test otherwise.
  std::string get(const std::string& line) {
    const std::string answer = ask(line);
    EXPECT_EQ(answer.substr(0, 3), "ok ") << line << " -> " << answer;
    return answer.size() > 3 ? answer.substr(3) : "";
  }

  void signal(int number) const { EXPECT_EQ(::kill(pid_, number), 0); }
  // Returns when it has stopped: before, it may still do this or that.
  void stop() const {
    signal(SIGSTOP);
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, WUNTRACED), pid_);
  }
  int wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return status;
  }
  void kill() {
    signal(SIGKILL);
    wait();
  }
  // Dies and stays unreaped.
  void kill_only() const { signal(SIGKILL); }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = -1;
  os::Fd in_;
  os::Fd out_;
};

// A directory of its own for each test, under /dev/shm, gone at its end.
class NodeDirectoryTest : public testing::Test {
 protected:
  NodeDirectoryTest() {
    std::string pattern = "/dev/shm/heirloom-test-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
  }
  ~NodeDirectoryTest() override { std::filesystem::remove_all(base_); }

  [[nodiscard]] std::string node() const { return base_ / "node"; }
  [[nodiscard]] const std::filesystem::path& base() const { return base_; }

 private:
  std::filesystem::path base_;
};

}  // namespace heirloom::node
