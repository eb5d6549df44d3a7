// SPDX-License-Identifier: Apache-2.0
//
// Program: a program started with posix_spawn, which ends with the object that stands for it. Why not fork(): this program has threads,
// and a fork of a process with gigabytes mapped takes 50 ms where posix_spawn takes a quarter of one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

class Program {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  // The first word of the command is the program, looked up in $PATH unless it has a slash. It starts with no signal blocked, all
  // handled by default, and `more` beside this program's environment. Errors: not_found, not_permitted (it is no program), full,
  // io; badarg for an empty command.
  static Result<Program> start(const std::vector<std::string>& command, const Environment& more);
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  // Kills it and waits for its end.
  ~Program();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // To nobody once it has ended.
  void signal(int number) const noexcept;
  // Waits until it has ended (true), or there is something to read from `descriptor`.
  [[nodiscard]] bool ends_before(int descriptor) const noexcept;
  // When it has ended: as of waitpid(); nothing when somebody else has taken that, as the kernel does where SIGCHLD is ignored.
  std::optional<int> status() noexcept;

 private:
  Program(pid_t pid, Fd pidfd) noexcept : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;
  Fd pidfd_;  // none: it had ended, and was forgotten, before it could be watched
  bool reaped_ = false;
  std::optional<int> status_;
};

}  // namespace heirloom::os
