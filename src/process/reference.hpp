// SPDX-License-Identifier: Apache-2.0
//
// References that a program's processes make, for monitors and calls. A reference carries the number of its program, which a
// node never gives twice, so one that outlived its maker names nothing.
//
// **Layout** of its words: the program; what the program counted; and, only for that of a call, 1 + the index of the caller:
// the caller's mailbox drops an answer that it no longer awaits (mailbox.hpp).
#pragma once

#include <cstdint>
#include <optional>

#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

namespace heirloom::process {

// Never the same twice in this program.
Term make_reference(std::uint32_t program);
Term make_call_reference(Pid caller);

struct Reference {
  std::uint32_t program;
  std::uint64_t number;
  std::optional<Pid> caller;  // of a call
};

// What make_reference() made, in this program or another; nothing for other terms.
std::optional<Reference> read_reference(TermView term);

}  // namespace heirloom::process
