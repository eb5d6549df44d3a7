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

int Keeper::keep(const Node& node) {
  node_ = &node;
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
    if (const auto status = command.status_if_ended()) {
      node_->report_exit(command.pid(), *status);
      return *status;
    }
    siginfo_t info{};
    if (::sigwaitinfo(&signals_, &info) < 0 || info.si_signo == SIGCHLD) continue;
    if (info.si_signo == SIGHUP && !is_from_terminal(info)) {
      replace(command);
    } else {
      pass_on(info, command);
    }
  }
}

void Keeper::pass_on(const siginfo_t& info, const Subprocess& command) {
  told_to_end_ = info.si_signo;
  if (!is_from_terminal(info)) command.signal(info.si_signo);
}

// Nothing: the time is over.
std::optional<siginfo_t> Keeper::next_signal(std::chrono::nanoseconds timeout) const {
  const timespec time = to_timespec(std::max(timeout, std::chrono::nanoseconds(0)));
  siginfo_t info{};
  if (::sigtimedwait(&signals_, &info, &time) < 0) return std::nullopt;
  return info;
}

std::optional<std::size_t> Keeper::tables_of(const Subprocess& command) const {
  std::size_t count = 0;
  try {
    for (const TableInfo& info : node_->tables()) {
      const std::optional<Table> table = info.owner ? node_->find_table(info.name) : std::nullopt;
      if (!table) continue;
      const std::vector<Tenure> lineage = table->lineage();
      if (!lineage.empty() && lineage.back().process == command.pid()) ++count;
    }
  } catch (const Error&) {
    return std::nullopt;  // a table was deleted meanwhile, or another manager dies
  }
  return count;
}

void Keeper::replace(Subprocess& command) {
  complain("run",
           fmt::format("starting {} once more, to take over from process {}", options_.command.front(), command.pid()));
  std::optional<Subprocess> started;
  try {
    started = Subprocess::start(options_.command);
  } catch (const std::system_error& error) {
    return complain("run", fmt::format("{}; process {} goes on", error.what(), command.pid()));
  }
  Subprocess& next = *started;
  const bool taken = takes_over(command, next);
  if (taken) std::swap(command, next);
  if (!next.status_if_ended()) end(next);
  node_->report_exit(next.pid(), next.wait());
  complain("run", taken ? fmt::format("process {} has taken over", command.pid())
                        : fmt::format("process {} did not take over; process {} goes on", next.pid(), command.pid()));
}

// Whether the next one has all tables of the command, which may have ended by then.
bool Keeper::takes_over(Subprocess& command, Subprocess& next) {
  constexpr std::chrono::milliseconds kLook{20};
  const auto deadline = std::chrono::steady_clock::now() + options_.handover_timeout;
  const std::size_t before = tables_of(command).value_or(1);
  while (std::chrono::steady_clock::now() < deadline && !told_to_end_) {
    if (next.status_if_ended()) return false;
    if (tables_of(next) >= std::max<std::size_t>(before, 1) && tables_of(command) == std::size_t{0}) return true;
    const auto info = next_signal(kLook);
    if (info && info->si_signo != SIGCHLD && info->si_signo != SIGHUP) pass_on(*info, command);
  }
  return false;
}

// By SIGTERM, or SIGKILL when that takes too long.
void Keeper::end(Subprocess& command) {
  const auto deadline = std::chrono::steady_clock::now() + options_.handover_timeout;
  command.signal(SIGTERM);
  while (!command.status_if_ended()) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return command.signal(SIGKILL);
    const auto info = next_signal(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(20)));
    if (info && info->si_signo != SIGCHLD && info->si_signo != SIGHUP) told_to_end_ = info->si_signo;
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
    const auto info = next_signal(left);
    if (info && info->si_signo != SIGCHLD) {
      told_to_end_ = info->si_signo;
      return;
    }
  }
}

}  // namespace heirloom::cli
