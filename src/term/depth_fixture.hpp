// SPDX-License-Identifier: Apache-2.0
//
// For tests: as many levels of nesting as no C++ stack has room for, one frame each.
#pragma once

#include <cstddef>

namespace heirloom::term {

// With AddressSanitizer a frame is larger, and a level takes ten times as long.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t kLevels = 200'000;
#else
inline constexpr std::size_t kLevels = 1'000'000;
#endif

}  // namespace heirloom::term
