// SPDX-License-Identifier: Apache-2.0
//
// SteppedChild: a child process that executes one instruction at a time. It prepares at full speed, stops, and is then
// driven through one operation. A system call is one instruction: a death inside of it happens before or after what it does.
//
// gather(): runs many small judgements, each in a process of its own, since what is judged may make it crash or hang.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace heirloom::crash {

class SteppedChild {
 public:
  // `run` calls its argument where stepping begins, and again where it ends.
  explicit SteppedChild(const std::function<void(const std::function<void()>& mark)>& run);
  ~SteppedChild();  // kills it
  SteppedChild(const SteppedChild&) = delete;
  SteppedChild& operator=(const SteppedChild&) = delete;

  // False once the operation is over, or the child has died of itself: then failure() says why.
  bool step();
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  // The address of the next instruction, in words that a person can follow.
  [[nodiscard]] std::uint64_t instruction() const;
  void kill();

 private:
  bool wait_for_stop(int expected_signal);
  pid_t pid_;
  std::string failure_;
};

// "function at file:line", as far as the program tells.
std::string describe_instruction(std::uint64_t address);

// Each job runs in a forked process, as many at once as there are processors (at most 2); its result is what it
// returns, or "! ..." with what ended it instead.
std::vector<std::string> gather(std::size_t jobs, const std::function<std::string(std::size_t)>& job);

// One such process, for which the caller waits when it wants.
class Helper {
 public:
  explicit Helper(const std::function<std::string()>& run);
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  // Whether it has ended within the time.
  [[nodiscard]] bool ended_within(int milliseconds);
  std::string result();

 private:
  pid_t pid_;
  int pipe_;
};

}  // namespace heirloom::crash
