// SPDX-License-Identifier: Apache-2.0
#include "os/scheduling.hpp"

#include <sched.h>

namespace heirloom::os {

void yield() noexcept { ::sched_yield(); }

}  // namespace heirloom::os
