// SPDX-License-Identifier: Apache-2.0
#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>

#include <link.h>

#include "image.hpp"

namespace heirloom::crash {

namespace {

constexpr unsigned kHangSeconds = 20;

pid_t fork_child() {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
  }
  return pid;
}

std::string ending(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return "it was blocked for " + std::to_string(kHangSeconds) + " s";
  if (WIFSIGNALED(status)) return std::string("it died: ") + ::strsignal(WTERMSIG(status));
  return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

std::uint64_t program_base() {
  std::uint64_t base = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<std::uint64_t*>(result) = info->dlpi_addr;
        return 1;  // the first one is the program itself
      },
      &base);
  return base;
}

}  // namespace

SteppedChild::SteppedChild(const std::function<void(const std::function<void()>& mark)>& run) : pid_(fork_child()) {
  if (pid_ == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
      std::perror("ptrace: this machine does not let a test step its child");
      ::_exit(1);
    }
    try {
      run([] { ::raise(SIGSTOP); });
    } catch (const std::exception& error) {
      std::fprintf(stderr, "stepped child: %s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  wait_for_stop(SIGSTOP);
}

SteppedChild::~SteppedChild() { kill(); }

void SteppedChild::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool SteppedChild::wait_for_stop(int expected_signal) {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  if (WIFSTOPPED(status) && WSTOPSIG(status) == expected_signal) return true;
  if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP) return false;  // the operation is over
  if (WIFSTOPPED(status)) {
    failure_ = std::string("the operation met a signal: ") + ::strsignal(WSTOPSIG(status));
  } else {
    failure_ = "the stepped process: " + ending(status);
    pid_ = 0;
  }
  return false;
}

bool SteppedChild::step() {
  if (!failure_.empty()) return false;
  if (::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) {
    failure_ = std::string("ptrace: ") + std::strerror(errno);
    return false;
  }
  return wait_for_stop(SIGTRAP);
}

std::uint64_t SteppedChild::instruction() const {
  return static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKUSER, pid_, sizeof(long) * RIP, nullptr));
}

std::string describe_instruction(std::uint64_t address) {
  char command[128];
  char program[4096] = {};
  if (::readlink("/proc/self/exe", program, sizeof program - 1) < 0) return "?";
  std::snprintf(command, sizeof command, " 0x%llx 2>/dev/null",
                static_cast<unsigned long long>(address - program_base()));
  std::string text;
  if (std::FILE* output = ::popen((std::string("addr2line -pCfsi -e '") + program + "'" + command).c_str(), "r")) {
    char line[512];
    // Functions that were inlined come first: up to the first one of ours.
    while (text.find("heirloom") == std::string::npos && std::fgets(line, sizeof line, output) != nullptr) text += line;
    ::pclose(output);
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "?" : text;
}

Helper::Helper(const std::function<std::string()>& run) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = fork_child();
  if (pid_ == 0) {
    ::alarm(kHangSeconds);
    std::string result;
    try {
      result = run();
    } catch (const std::exception& error) {
      result = std::string("! it threw: ") + error.what();
    }
    for (std::size_t done = 0; done < result.size();) {
      const ssize_t written = ::write(ends[1], result.data() + done, result.size() - done);
      if (written <= 0) ::_exit(1);
      done += static_cast<std::size_t>(written);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

Helper::~Helper() {
  if (pid_ != 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ScratchDirectory::remove_those_of(pid_);
  }
  ::close(pipe_);
}

bool Helper::ended_within(int milliseconds) {
  pollfd waited{pipe_, POLLIN, 0};
  return ::poll(&waited, 1, milliseconds) > 0;
}

std::string Helper::result() {
  std::string text;
  char buffer[4096];
  for (ssize_t bytes = 0; (bytes = ::read(pipe_, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(bytes));
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!good) ScratchDirectory::remove_those_of(pid_);
  pid_ = 0;
  if (!good) return "! " + ending(status);
  return text;
}

std::vector<std::string> gather(std::size_t jobs, const std::function<std::string(std::size_t)>& job) {
  const std::size_t at_once = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 2);
  std::vector<std::string> results;
  std::deque<std::unique_ptr<Helper>> running;
  for (std::size_t next = 0; next < jobs || !running.empty();) {
    while (next < jobs && running.size() < at_once) {
      running.push_back(std::make_unique<Helper>([&job, next] { return job(next); }));
      ++next;
    }
    results.push_back(running.front()->result());
    running.pop_front();
  }
  return results;
}

}  // namespace heirloom::crash
