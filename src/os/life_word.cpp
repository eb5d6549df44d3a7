// SPDX-License-Identifier: Apache-2.0
#include "os/life_word.hpp"

#include <linux/futex.h>

#include "base/assert.hpp"

namespace heirloom::os {

void LifeWord::initialize() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&mutex_, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

void LifeWord::hold() {
  const int outcome = pthread_mutex_lock(&mutex_);
  HEIRLOOM_ASSERT(outcome == 0, "nobody else locks a life word");
  // Waiters only have the word mapped to read, and cannot announce themselves: so there always "is" one, and the kernel
  // always wakes.
  const_cast<std::atomic<std::uint32_t>&>(word()).fetch_or(FUTEX_WAITERS, std::memory_order_seq_cst);
}

void LifeWord::release() {
  const int outcome = pthread_mutex_unlock(&mutex_);
  HEIRLOOM_ASSERT(outcome == 0, "only its holder gives a life word back");
}

bool LifeWord::is_alive(std::uint32_t value) noexcept {
  return (value & FUTEX_TID_MASK) != 0 && (value & FUTEX_OWNER_DIED) == 0;
}

}  // namespace heirloom::os
