// SPDX-License-Identifier: Apache-2.0
//
// What the functions of heirloom/process.hpp, GenServer and the like share: receiving as the process as which the calling
// thread acts.
#pragma once

#include "process/acting.hpp"
#include "process/mailbox.hpp"

namespace heirloom::process {

// Mailbox::take() of the process. Throws ProcessExit when a spawned process is to end, Error{no_manager} when the node of a
// root process was closed.
std::optional<Message> take(Process& process, const Wanted& wanted, const Deadline& deadline);

// The same, for the first message that is no 'ETS-TRANSFER' and that `wanted` accepts.
std::optional<Term> take_term(Process& process, const std::function<bool(const Term&)>& wanted,
                              const Deadline& deadline);

// Ends a spawned process that got an exit signal. Nothing while an exception unwinds its stack: destructors may send.
void end_if_interrupted(Process& process);

// {'DOWN', reference, ...}
bool is_down(const Term& message, const Term& reference);
// {'EXIT', From, Reason}
bool is_exit(const Term& message);

}  // namespace heirloom::process
