// SPDX-License-Identifier: Apache-2.0
//
// ProcessExit: thrown through the body of a process that ends by exit(reason) or by an exit signal.
//
// Why not a std::exception? So that a body's `catch (const std::exception&)` does not keep alive what was told to end. Who
// swallows it with `catch (...)` gets that of a signal again at the next receive() or send().
#pragma once

#include "heirloom/term.hpp"

namespace heirloom::process {

struct ProcessExit {
  Term reason;
  bool by_signal;  // else by the process' own will
};

// Why a process ends whose body is left by the exception that is being handled: the reason of a ProcessExit, else
// {error, Text}.
Term reason_of_current_exception();

// Whether an end with that reason was meant: normal, shutdown or {shutdown, Term}.
[[nodiscard]] bool is_planned(const Term& reason);

}  // namespace heirloom::process
