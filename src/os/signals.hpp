// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

namespace heirloom::os {

// SIGTERM and SIGINT wait for wait_for_termination() as long as this lives.
class TerminationBlocked {
 public:
  TerminationBlocked() noexcept {
    const sigset_t termination = signals();
    pthread_sigmask(SIG_BLOCK, &termination, &before_);
  }
  ~TerminationBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  TerminationBlocked(const TerminationBlocked&) = delete;
  TerminationBlocked& operator=(const TerminationBlocked&) = delete;

  static sigset_t signals() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
  }

 private:
  sigset_t before_;
};

// Returns when one of the two has come. Only inside a TerminationBlocked.
inline void wait_for_termination() noexcept {
  const sigset_t termination = TerminationBlocked::signals();
  int signal = 0;
  sigwait(&termination, &signal);
}

}  // namespace heirloom::os
