// SPDX-License-Identifier: Apache-2.0
//
// A descriptor that names a process of the operating system for good, and becomes readable when that process has ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

Result<Fd> open_pidfd(pid_t process);
// Whether it is a pidfd at all: a descriptor that a stranger sent may be anything.
[[nodiscard]] bool is_pidfd(const Fd& descriptor) noexcept;
[[nodiscard]] bool process_has_ended(const Fd& pidfd) noexcept;

// How it ended, as of waitpid(): known to the kernel (Linux 6.15 and later) once its parent has asked, or ignores its children.
[[nodiscard]] std::optional<int> exit_status_of(const Fd& pidfd) noexcept;

Status send_signal(const Fd& pidfd, int number);

[[nodiscard]] pid_t own_pid() noexcept;
// When a process was started, in clock ticks since boot: with the pid it names a process for good. 0: there is none.
[[nodiscard]] std::uint64_t start_time_of(pid_t process);
[[nodiscard]] inline std::uint64_t own_start_time() { return start_time_of(own_pid()); }

}  // namespace heirloom::os
