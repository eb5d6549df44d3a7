// SPDX-License-Identifier: Apache-2.0
//
// Assertions that stay on in release builds: our own logic is wrong, and going on would damage a table that others
// rely on. Bytes that another process wrote are never asserted: they are judged, and reported as ErrorCode::corrupt.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace heirloom {

[[noreturn, gnu::cold]] inline void assertion_failed(const char* condition, const char* invariant, const char* file,
                                                     int line) {
  std::fprintf(stderr, "heirloom: %s:%d: broken: %s [%s]\n", file, line, invariant, condition);
  std::abort();
}

}  // namespace heirloom

// `invariant` is the sentence that the condition keeps, or the name of a numbered invariant of its header.
#define HEIRLOOM_ASSERT(condition, invariant) \
  ((condition) ? static_cast<void>(0) : ::heirloom::assertion_failed(#condition, invariant, __FILE__, __LINE__))
