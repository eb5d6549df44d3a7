// SPDX-License-Identifier: Apache-2.0
//
// A program started by this one, with pipes to its standard input and output: for tests of several programs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "os/fd.hpp"

namespace heirloom::os {

class ChildProgram {
 public:
  ChildProgram(const std::string& path, const std::vector<std::string>& arguments);
  // Kills and reaps it.
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  bool write_line(const std::string& line);
  // Without its end; empty when the program has ended.
  std::string read_line();

  // Whether there is something to be read by then; the end of the program counts.
  [[nodiscard]] bool says_something_within(std::chrono::milliseconds time) const;

  // Nobody gets it once wait() has returned.
  void signal(int number) const;
  // SIGSTOP; returns when it has stopped: before, it may still do this or that.
  void stop() const;
  // Its exit status as waitpid() tells it; 0 when it was waited for before.
  int wait();

 private:
  pid_t pid_ = -1;
  bool started_ = false;
  Fd in_;
  Fd out_;
};

// What `body` returns in a child of fork(), which then lives on for ten seconds, in the way of anybody who waits for the end
// of its parent.
std::string in_forked_child(const std::function<std::string()>& body);

}  // namespace heirloom::os
