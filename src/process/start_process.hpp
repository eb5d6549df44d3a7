// SPDX-License-Identifier: Apache-2.0
//
// start_process: spawns a process and waits until it is ready, as OTP's proc_lib:start_link(). What servers, supervisors and
// table managers start with.
#pragma once

#include <functional>

#include "process/acting.hpp"

namespace heirloom::process {

// Runs in the new process; returns what the process does from then on.
using Init = std::function<std::function<void()>()>;

// Starts a process of `parent`'s program, linked to `parent` if so wanted. Returns when `init` has; throws what it threw -
// Error{noproc} if it ended by exit() or an exit signal - after the process has ended, its tables have gone to their heirs
// and its names are free. A linked parent gets no exit signal from such an end.
Pid start_process(const Acting& parent, bool linked, Init init);

}  // namespace heirloom::process
