// SPDX-License-Identifier: Apache-2.0
//
// Threads that belong to Heirloom, not to the program they run in, take no signals: those are the program's. A thread
// inherits the mask of the one that starts it, so it is started while this object lives.
#pragma once

#include <signal.h>

namespace heirloom::os {

class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

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
