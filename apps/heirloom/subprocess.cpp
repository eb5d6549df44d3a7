// SPDX-License-Identifier: Apache-2.0
#include "subprocess.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace heirloom::cli {

namespace {

constexpr const char* kItself = "/proc/self/exe";

class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&value_);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&value_, &none);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigdefault(&value_, &all);
    ::posix_spawnattr_setflags(&value_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&value_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &value_; }

 private:
  posix_spawnattr_t value_;
};

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&value_); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&value_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  void put(int descriptor, int as) { ::posix_spawn_file_actions_adddup2(&value_, descriptor, as); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &value_; }

 private:
  posix_spawn_file_actions_t value_;
};

[[noreturn]] void failed(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

pid_t spawn(const char* program, const std::vector<std::string>& arguments, const FileActions& actions) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const Attributes attributes;
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, program, actions.get(), attributes.get(), pointers.data(), environ);
  if (error != 0) failed(error, fmt::format("start \"{}\"", arguments.front()));
  return pid;
}

std::pair<pid_t, int> spawn(const char* program, const std::vector<std::string>& arguments, Subprocess::Output output) {
  FileActions actions;
  if (output == Subprocess::Output::inherited) return {spawn(program, arguments, actions), -1};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) failed(errno, "make a pipe");
  actions.put(ends[1], STDOUT_FILENO);
  try {
    const pid_t pid = spawn(program, arguments, actions);
    ::close(ends[1]);
    return {pid, ends[0]};
  } catch (...) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw;
  }
}

}  // namespace

Subprocess Subprocess::start(const std::vector<std::string>& arguments, Output output) {
  const auto [pid, descriptor] = spawn(arguments.front().c_str(), arguments, output);
  return Subprocess(pid, descriptor);
}

Subprocess Subprocess::start_heirloom(std::vector<std::string> arguments, Output output) {
  arguments.insert(arguments.begin(), "heirloom");
  const auto [pid, descriptor] = spawn(kItself, arguments, output);
  return Subprocess(pid, descriptor);
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), output_(std::exchange(other.output_, -1)), status_(other.status_) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, 0);
    output_ = std::exchange(other.output_, -1);
    status_ = other.status_;
  }
  return *this;
}

Subprocess::~Subprocess() { end(); }

void Subprocess::end() noexcept {
  if (pid_ != 0) {
    signal(SIGKILL);
    wait();
  }
  if (output_ >= 0) ::close(output_);
}

void Subprocess::signal(int number) const noexcept {
  if (!status_) ::kill(pid_, number);
}

int Subprocess::wait() noexcept {
  int status = 0;
  while (!status_) {
    if (::waitpid(pid_, &status, 0) == pid_)
      status_ = status;
    else if (errno != EINTR)
      status_ = 0;
  }
  return *status_;
}

std::optional<int> Subprocess::status_if_ended() noexcept {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

void die_with_parent() {
  const pid_t parent = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have died just before.
  if (::getppid() != parent || parent == 1) ::_exit(EXIT_FAILURE);
}

}  // namespace heirloom::cli
