// SPDX-License-Identifier: Apache-2.0
//
// References that a program's processes make, for monitors and calls. A reference carries the number of its program, which a
// node never gives twice, so one that outlived its maker names nothing.
//
// **Layout** of its words: the program; what the program counted; and, only for that of a call, the mark kAwaited: a mailbox
// drops an answer that carries one which nobody awaits any more (mailbox.hpp).
#pragma once

#include <cstdint>
#include <optional>

#include "heirloom/term.hpp"

namespace heirloom::process {

enum class Purpose : std::uint8_t { plain, call };

// Never the same twice in this program.
Term make_reference(std::uint32_t program, Purpose purpose = Purpose::plain);

struct Reference {
  std::uint32_t program;
  std::uint64_t number;
  Purpose purpose;
};

// What make_reference() made, in this program or another; nothing for other terms.
std::optional<Reference> read_reference(TermView term);

}  // namespace heirloom::process
