// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace heirloom::os {

// Calls them around every fork() of this program (pthread_atfork), for good.
void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)());

// A number that this program has and no child of it, however that was forked. Why not the pid? The first process of a pid namespace has
// the same as the first one of the namespace in which that was made.
[[nodiscard]] std::uint64_t program_instance() noexcept;

}  // namespace heirloom::os
