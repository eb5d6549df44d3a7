// SPDX-License-Identifier: Apache-2.0
//
// A measurement of several programs: this program is started once more, in other roles, which tell what they see on their standard
// output; and the rows of its table.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace heirloom::bench {

inline std::int64_t nanoseconds_now() {  // CLOCK_MONOTONIC, the same in every process
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// This program once more, in another role; ends with its object.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    arguments.insert(arguments.begin(), "heirloom_bench");
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) throw std::runtime_error("posix_spawn");
    lines_ = ::fdopen(ends[0], "r");
  }
  ~Child() {
    kill();
    if (lines_ != nullptr) std::fclose(lines_);
  }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), lines_(std::exchange(other.lines_, nullptr)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(lines_, other.lines_);
    return *this;
  }

  // The number behind the next line's word, which must be this one.
  std::int64_t hear(const char* word) {
    char line[64] = {};
    char found[32] = {};
    long long number = 0;
    if (std::fgets(line, sizeof(line), lines_) == nullptr || std::sscanf(line, "%31s %lld", found, &number) < 1 ||
        std::string(found) != word) {
      throw std::runtime_error("a program that should say \"" + std::string(word) + "\" says \"" + line + '"');
    }
    return number;
  }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  void kill() {
    if (pid_ <= 0) return;
    signal(SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

 private:
  pid_t pid_ = 0;
  std::FILE* lines_ = nullptr;
};

inline void say(const char* word, std::int64_t number = 0) {
  std::printf("%s %lld\n", word, static_cast<long long>(number));
  std::fflush(stdout);
}

// Percentiles of times in nanoseconds, printed in microseconds.
inline void report(const char* what, std::vector<std::int64_t> times) {
  std::sort(times.begin(), times.end());
  const auto percentile = [&](std::size_t percent) {
    return static_cast<double>(times[(times.size() * percent + 99) / 100 - 1]) / 1000;
  };
  std::printf("%-54s %9.0f %9.0f %9.0f %7zu\n", what, percentile(50), percentile(99), percentile(100), times.size());
  std::fflush(stdout);
}

}  // namespace heirloom::bench
