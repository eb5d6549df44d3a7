// SPDX-License-Identifier: Apache-2.0
//
// Keeper: keeps one command running. It is started again when it dies, after a pause that grows from a tenth of a second to
// ten while it dies soon, and is short again once it ran for a while.
//
// SIGHUP is a deploy: the command is started once more, beside the one that runs, asks that one for its tables
// (Node::request_table()), and takes its place when it has them all. If it dies before, or does not get them in time, it is
// ended, and the former goes on.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <heirloom/heirloom.hpp>

#include "subprocess.hpp"

namespace heirloom::cli {

class Keeper {
 public:
  enum class Restart {
    on_failure,  // a signal, or an exit status other than 0
    on_signal,
    never
  };
  struct Options {
    std::vector<std::string> command;
    Restart restart = Restart::on_failure;
    std::optional<std::uint64_t> restarts_max = {};
    std::chrono::seconds handover_timeout{30};
  };

  // Takes the signals that are passed on, in this thread and those that it starts.
  explicit Keeper(const Options& options);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Returns the exit status for `heirloom run`.
  int keep(const Node& node);

 private:
  // Until the command, or the one that has taken its place, has ended: as of waitpid(). Signals that arrive are passed on.
  int wait_for(Subprocess& command);
  // A deploy. Whichever goes on is `command` then.
  void replace(Subprocess& command);
  bool takes_over(Subprocess& command, Subprocess& next);
  void end(Subprocess& command);
  void pass_on(const siginfo_t& info, const Subprocess& command);
  std::optional<siginfo_t> next_signal(std::chrono::nanoseconds timeout) const;
  // How many it owns; nothing when that cannot be told now.
  [[nodiscard]] std::optional<std::size_t> tables_of(const Subprocess& command) const;
  [[nodiscard]] bool starts_again(int status) const;
  void pause(std::chrono::steady_clock::duration ran);

  const Options& options_;
  const Node* node_ = nullptr;  // while it keeps
  sigset_t signals_;
  sigset_t mask_before_;
  std::optional<int> told_to_end_;  // by which signal
  std::uint64_t restarts_ = 0;
  std::chrono::milliseconds pause_;
};

}  // namespace heirloom::cli
