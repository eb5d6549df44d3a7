// SPDX-License-Identifier: Apache-2.0
//
// Funs. Heirloom does not call them: it keeps them, so that they can be sent on.
//
// **Layout** of their elements. An export, `fun lists:map/2`, has three: module, function and arity. A fun of an Erlang module,
// what the external term format sends of it:
//
//   0 module, an atom     1 old index     2 old uniq          by these Erlang tells funs apart, and by the free variables;
//   3 arity               4 index         5 uniq, 16 bytes    they say the same of newer releases,
//   6 creator             the process that made it, which does not count when funs are compared,
//   7 .. free variables, up to 255
//
// A creator occurs nowhere else.
#pragma once

#include <cstdint>

#include "term/word.hpp"

namespace heirloom::term {

inline constexpr std::uint64_t kExportElements = 3;
inline constexpr std::uint64_t kFunIdentity = 0;  // the first of three elements
inline constexpr std::uint64_t kFunVersion = 3;   // the first of three elements
inline constexpr std::uint64_t kFunUniq = 5;
inline constexpr std::uint64_t kFunCreator = 6;
inline constexpr std::uint64_t kFunFree = 7;
inline constexpr std::uint64_t kFunFreeMax = 255;
inline constexpr std::uint64_t kFunUniqBytes = 16;
inline constexpr std::int64_t kArityMax = 255;

// Requires a reference to a fun.
constexpr bool is_export(Word fun) noexcept { return size_field(fun) == kExportElements; }

// The rule that a fun of `size` elements at `elements` breaks, or null. Looks at the words, not at what they refer to.
[[nodiscard]] const char* check_fun(std::uint64_t size, const Word* elements) noexcept;

}  // namespace heirloom::term
