// SPDX-License-Identifier: Apache-2.0
#include "os/thread_end.hpp"

#include <cxxabi.h>

#include "base/assert.hpp"

extern "C" [[gnu::visibility("hidden")]] void* __dso_handle;  // of the program or library that this is linked into

namespace heirloom::os {

void at_thread_end(void (*call)(void*), void* argument) {
  const int outcome = abi::__cxa_thread_atexit(call, argument, &__dso_handle);
  HEIRLOOM_ASSERT(outcome == 0, "the C library has no limit for destructors of threads");
}

}  // namespace heirloom::os
