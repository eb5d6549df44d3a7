// SPDX-License-Identifier: Apache-2.0
//
// Subprocess: a program that was started with posix_spawn, and ends with the object that stands for it. Why not fork():
// this program has threads, and a fork of a process with gigabytes mapped takes 50 ms where posix_spawn takes a quarter of one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace heirloom::cli {

class Subprocess {
 public:
  enum class Output { inherited, captured };

  // The first argument is the program, looked up in $PATH unless it has a slash. It starts with no signal blocked and all
  // handled by default. Throws std::system_error, as for a program that there is not.
  static Subprocess start(const std::vector<std::string>& arguments, Output output = Output::inherited);
  // Another one of this program.
  static Subprocess start_heirloom(std::vector<std::string> arguments, Output output);

  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  // Kills it and waits for its end.
  ~Subprocess();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // Where a captured output is read.
  [[nodiscard]] int output() const noexcept { return output_; }
  // To nobody when it has ended and that was seen.
  void signal(int number) const noexcept;
  // As of waitpid(). It may be asked again.
  int wait() noexcept;
  [[nodiscard]] std::optional<int> status_if_ended() noexcept;

 private:
  Subprocess(pid_t pid, int output) noexcept : pid_(pid), output_(output) {}
  void end() noexcept;

  pid_t pid_ = 0;
  int output_ = -1;
  std::optional<int> status_;
};

// "exit status 3", "signal 6 (Aborted)".
std::string describe_status(int status);

// For a process that makes no sense without the one that started it: from now on it is killed when that one dies.
void die_with_parent();

}  // namespace heirloom::cli
