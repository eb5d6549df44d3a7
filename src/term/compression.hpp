// SPDX-License-Identifier: Apache-2.0
//
// Compressed external terms: the version, a tag, the length of what follows when inflated, and zlib's bytes of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heirloom::term {

// An external term compressed at `level`, 1 to 9; itself where that is shorter.
[[nodiscard]] std::string compressed(std::string plain, int level);

// The `length` bytes that zlib's bytes inflate to. Nothing is reserved for a claim that the number of bytes does not bear out.
// Throws Error{syntax}; `begin` is where the bytes begin, for its message. What is behind zlib's last byte is an error, or not
// looked at.
[[nodiscard]] std::string inflated(std::string_view bytes, std::size_t length, std::size_t begin, bool more_may_follow);

}  // namespace heirloom::term
