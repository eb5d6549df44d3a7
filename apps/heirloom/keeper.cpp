// SPDX-License-Identifier: Apache-2.0
#include "keeper.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "command.hpp"

namespace heirloom::cli {

namespace {

constexpr std::chrono::milliseconds kPauseMin{100};
constexpr std::chrono::milliseconds kPauseMax{10000};
// A command that ran so long had done its start well.
constexpr std::chrono::seconds kRanWell{10};

constexpr int kNotStartable = 126;  // as shells say it
constexpr int kNoSuchCommand = 127;

int exit_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

timespec to_timespec(std::chrono::nanoseconds time) {
  return {static_cast<time_t>(time.count() / 1'000'000'000), static_cast<long>(time.count() % 1'000'000'000)};
}

// The terminal sends its signals to the command too: passed on, it would get them twice.
bool is_from_terminal(const siginfo_t& info) { return info.si_code == SI_KERNEL; }

}  // namespace

Keeper::Keeper(const Options& options) : options_(options), pause_(kPauseMin) {
  ::sigemptyset(&signals_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::sigaddset(&signals_, number);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
}

Keeper::~Keeper() { ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }

int Keeper::keep() {
  for (;;) {
    const auto started = std::chrono::steady_clock::now();
    int status = 0;
    try {
      Subprocess command = Subprocess::start(options_.command);
      status = wait_for(command);
    } catch (const std::system_error& error) {
      complain("run", error.what());
      return error.code() == std::errc::no_such_file_or_directory ? kNoSuchCommand : kNotStartable;
    }
    if (!starts_again(status)) return exit_status(status);
    complain("run", fmt::format("{} ended with {}", options_.command.front(), describe_status(status)));
    pause(std::chrono::steady_clock::now() - started);
    if (told_to_end_) return exit_status(status);
  }
}

int Keeper::wait_for(Subprocess& command) {
  for (;;) {
    if (const auto status = command.status_if_ended()) return *status;
    siginfo_t info{};
    if (::sigwaitinfo(&signals_, &info) < 0 || info.si_signo == SIGCHLD) continue;
    told_to_end_ = info.si_signo;
    if (!is_from_terminal(info)) command.signal(info.si_signo);
  }
}

bool Keeper::starts_again(int status) const {
  if (told_to_end_ || options_.restart == Restart::never) return false;
  if (options_.restarts_max && restarts_ >= *options_.restarts_max) return false;
  return WIFSIGNALED(status) || (options_.restart == Restart::on_failure && WEXITSTATUS(status) != 0);
}

void Keeper::pause(std::chrono::steady_clock::duration ran) {
  if (ran >= kRanWell) pause_ = kPauseMin;
  ++restarts_;
  const auto until = std::chrono::steady_clock::now() + pause_;
  pause_ = std::min(2 * pause_, kPauseMax);
  for (;;) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left.count() <= 0) return;
    const timespec time = to_timespec(left);
    siginfo_t info{};
    if (::sigtimedwait(&signals_, &info, &time) < 0) continue;
    if (info.si_signo != SIGCHLD) {
      told_to_end_ = info.si_signo;
      return;
    }
  }
}

}  // namespace heirloom::cli
