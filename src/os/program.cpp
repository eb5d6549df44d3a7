// SPDX-License-Identifier: Apache-2.0
#include "os/program.hpp"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "os/file.hpp"
#include "os/pidfd.hpp"

namespace heirloom::os {

namespace {

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

// This program's environment, and what is said beside it, which counts.
std::vector<std::string> environment_with(const Program::Environment& more) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : more) lines.push_back(name + '=' + value);
  const std::size_t said = lines.size();
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string_view present(*line);
    const auto end = lines.begin() + static_cast<std::ptrdiff_t>(said);
    const bool is_said = std::any_of(lines.begin(), end, [&](const std::string& each) {
      return present.starts_with(std::string_view(each).substr(0, each.find('=') + 1));
    });
    if (!is_said) lines.emplace_back(present);
  }
  return lines;
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

int status_of(const siginfo_t& info) {
  const bool exited = info.si_code == CLD_EXITED;
  return exited ? info.si_status << 8 : info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

}  // namespace

Result<Program> Program::start(const std::vector<std::string>& command, const Environment& more) {
  if (command.empty()) return fail(ErrorCode::badarg, "the command is empty");
  const std::vector<std::string> environment = environment_with(more);
  const Attributes attributes;
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, command.front().c_str(), nullptr, attributes.get(),
                                   pointers_to(command).data(), pointers_to(environment).data());
  if (error != 0) return errno_failure(error, "start \"" + command.front() + '"');
  auto pidfd = open_pidfd(pid);
  if (!pidfd && ::waitpid(pid, nullptr, WNOHANG) == 0) {
    // It runs and cannot be watched, so it must not be.
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return std::move(pidfd).failure();
  }
  return Program(pid, pidfd ? *std::move(pidfd) : Fd());
}

Program::Program(Program&& other) noexcept
    : pid_(other.pid_),
      pidfd_(std::move(other.pidfd_)),
      reaped_(std::exchange(other.reaped_, true)),
      status_(other.status_) {}

Program::~Program() {
  if (reaped_) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const noexcept {
  if (pidfd_) static_cast<void>(send_signal(pidfd_, number).ok());
}

bool Program::ends_before(int descriptor) const noexcept {
  if (!pidfd_) return true;
  std::array<pollfd, 2> wanted{pollfd{pidfd_.get(), POLLIN, 0}, pollfd{descriptor, POLLIN, 0}};
  while (::poll(wanted.data(), wanted.size(), -1) < 0 && errno == EINTR) continue;
  return wanted[0].revents != 0;
}

std::optional<int> Program::status() noexcept {
  if (std::exchange(reaped_, true)) return status_;
  siginfo_t info{};
  if (pidfd_ && ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED) == 0) status_ = status_of(info);
  return status_;
}

}  // namespace heirloom::os
