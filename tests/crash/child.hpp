// SPDX-License-Identifier: Apache-2.0
//
// SteppedChild: a child process of which one thread executes one instruction at a time. It prepares at full speed,
// stops, and is then driven through one operation. All its threads are stepped, also those that it starts meanwhile,
// but never two at once: so all that the process does is one sequence of instructions. A system call is one
// instruction: a death inside of it happens before or after what it does.
//
// gather(): runs many small judgements, each in a process of its own, since what is judged may make it crash or hang.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace heirloom::crash {

// What takes longer hangs.
inline constexpr unsigned kHangSeconds = 20;

class SteppedChild {
 public:
  // `run` calls its argument where stepping begins, and again where it ends.
  explicit SteppedChild(const std::function<void(const std::function<void()>& mark)>& run);
  // A program that runs: all its threads are stopped now, and executed from one system call's end to the next one's
  // from then on. It stays a child of whom it was, who reaps it.
  enum class Follow { system_calls };
  SteppedChild(pid_t program, Follow follow);
  ~SteppedChild();  // kills it
  SteppedChild(const SteppedChild&) = delete;
  SteppedChild& operator=(const SteppedChild&) = delete;

  // False once the operation is over and every thread waits for something, or the child has died of itself: then
  // failure() says why.
  bool step();
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  // The address of the instruction of the last step, and whether it was a system call: only such a one changes files
  // that are not mapped.
  [[nodiscard]] std::uint64_t instruction() const noexcept { return instruction_; }
  [[nodiscard]] bool was_system_call() const noexcept { return was_system_call_; }
  void kill();

 private:
  enum class State {
    ready,        // stopped before its next instruction
    interrupted,  // stopped within a system call, perhaps, which goes on with the next step
    waiting,      // in a system call, for others
    over          // it has come to the second mark
  };
  using Threads = std::map<pid_t, State>;

  void seize(pid_t thread);
  bool run_to_the_mark();
  bool stop_the_others();
  Threads::iterator next_ready();
  bool finish(pid_t thread);
  bool wait_or_leave(pid_t thread, int& status);
  bool take_stop(pid_t thread, int status);
  bool take_what_came(bool wait);

  pid_t pid_ = 0;
  bool own_ = true;  // a child of this process, to be reaped here
  int request_;      // of ptrace: how far one step goes
  Threads threads_;
  pid_t current_ = 0;
  int turns_ = 0;
  bool began_ = false;
  std::string failure_;
  std::uint64_t instruction_ = 0;
  bool was_system_call_ = false;
};

// "function at file:line", as far as the program tells.
const std::string& describe_instruction(std::uint64_t address);

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
  // Between them it does nothing at all.
  void stop() const;
  void go_on() const;

 private:
  pid_t pid_;
  int pipe_;
};

}  // namespace heirloom::crash
