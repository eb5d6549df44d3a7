// SPDX-License-Identifier: Apache-2.0
//
// For tests: one running node_helper.
#pragma once

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

  void say(const std::string& line) { EXPECT_TRUE(program_.write_line(line)) << line; }
  // One line; empty when the program has ended.
  std::string hear() { return program_.read_line(); }
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
  os::ChildProgram program_;
};

}  // namespace heirloom::node
