// SPDX-License-Identifier: Apache-2.0
//
// Atoms and strings as Erlang writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heirloom::term {

// An atom of this text, quoted where it would not read back as one.
void append_atom(std::string& out, std::string_view text);

// One character between quotation marks `quote`, escaped where needed.
void append_character(std::string& out, char32_t code, char quote);

// What io:printable_unicode_list/1 accepts.
[[nodiscard]] bool is_printable(std::uint64_t code) noexcept;

}  // namespace heirloom::term
