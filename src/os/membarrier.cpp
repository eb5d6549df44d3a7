// SPDX-License-Identifier: Apache-2.0
#include "os/membarrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/assert.hpp"
#include "os/file.hpp"

namespace heirloom::os {

Status membarrier_register() {
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) != 0) {
    return errno_failure(errno,
                         "membarrier: this kernel cannot order readers and writers of shared tables (Linux 4.16 "
                         "or later can; a sandbox may forbid it)");
  }
  return {};
}

void membarrier_all() noexcept {
  const long outcome = ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
  HEIRLOOM_ASSERT(outcome == 0, "a program that registered for membarrier can use it");
}

}  // namespace heirloom::os
