// SPDX-License-Identifier: Apache-2.0
//
// For tests: one running node_helper.
#pragma once

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/node_directory_fixture.hpp"
#include "os/child_program.hpp"

namespace heirloom::node {

class HelperProgram {
 public:
  explicit HelperProgram(const std::vector<std::string>& arguments = {});
  // Started by another program, which gets it as its last argument.
  static HelperProgram under(std::vector<std::string> starter);

  void say(const std::string& line) { EXPECT_TRUE(program_.write_line(line)) << line; }
  // One line; empty when the program has ended.
  std::string hear() { return program_.read_line(); }
  [[nodiscard]] bool answers_within(std::chrono::milliseconds time) const {
    return program_.says_something_within(time);
  }
  std::string ask(const std::string& line) {
    say(line);
    return hear();
  }
  // What came after "ok "; fails the test otherwise.
  std::string get(const std::string& line);

  void signal(int number) const { program_.signal(number); }
  void stop() const { program_.stop(); }
  int wait() { return program_.wait(); }
  void kill() {
    signal(SIGKILL);
    wait();
  }
  // Dies and stays unreaped.
  void kill_only() const { signal(SIGKILL); }
  [[nodiscard]] pid_t pid() const noexcept { return program_.pid(); }

 private:
  HelperProgram(const std::string& path, const std::vector<std::string>& arguments);
  os::ChildProgram program_;
};

}  // namespace heirloom::node
