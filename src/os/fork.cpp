// SPDX-License-Identifier: Apache-2.0
#include "os/fork.hpp"

#include <pthread.h>

namespace heirloom::os {

void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) {
  ::pthread_atfork(before, in_parent, in_child);
}

}  // namespace heirloom::os
