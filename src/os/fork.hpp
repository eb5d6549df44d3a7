// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace heirloom::os {

// Calls them around every fork() of this program (pthread_atfork), for good.
void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)());

}  // namespace heirloom::os
