// SPDX-License-Identifier: Apache-2.0
#include "interrupts.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace heirloom::cli {

Interrupts::Interrupts() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  descriptor_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

Interrupts::~Interrupts() { ::close(descriptor_); }

void Interrupts::throw_if_any() const {
  signalfd_siginfo info{};
  if (::read(descriptor_, &info, sizeof(info)) == sizeof(info)) throw Interrupted(static_cast<int>(info.ssi_signo));
}

}  // namespace heirloom::cli
