// SPDX-License-Identifier: Apache-2.0
//
// Keeper: keeps one command running. It is started again when it dies, after a pause that grows from a tenth of a second to
// ten while it dies soon, and is short again once it ran for a while.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
  };

  // Takes the signals that are passed on, in this thread and those that it starts.
  explicit Keeper(const Options& options);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Returns the exit status for `heirloom run`.
  int keep();

 private:
  // As of waitpid(); the signals that arrive meanwhile are passed on.
  int wait_for(Subprocess& command);
  [[nodiscard]] bool starts_again(int status) const;
  void pause(std::chrono::steady_clock::duration ran);

  const Options& options_;
  sigset_t signals_;
  sigset_t mask_before_;
  std::optional<int> told_to_end_;  // by which signal
  std::uint64_t restarts_ = 0;
  std::chrono::milliseconds pause_;
};

}  // namespace heirloom::cli
