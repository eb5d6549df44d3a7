// SPDX-License-Identifier: Apache-2.0
//
// LifeWord: a 32-bit word in shared memory that the kernel itself changes when the thread that holds it dies, by whatever
// death: exit, exec, SIGKILL at any instruction.
//
// It is the futex of a robust mutex that one thread takes once and nobody else ever locks; so none of the limits of robust
// mutexes as locks apply (see docs/architecture.md). Others only read it and wait on it.
//
//   value                     meaning
//   0                         nobody holds it: never taken, or given back in good order
//   tid | FUTEX_WAITERS       held by a living thread
//   ... | FUTEX_OWNER_DIED    its holder died; the kernel woke one waiter, who wakes the others
//
// Why not a pid? It is reused, differs between pid namespaces, and nobody is woken. Why not a pidfd or a socket? The kernel
// reports them only after it has torn down the memory of the dead: 120 ms for 8 GiB of tables instead of 50 us.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace heirloom::os {

class LifeWord {
 public:
  // Once, before anybody else looks at the word: it is then held by nobody.
  void initialize();
  // Takes the word for the calling thread. The memory must stay mapped while it is held.
  void hold();
  // Gives it back: by the holding thread only.
  void release();

  [[nodiscard]] const std::atomic<std::uint32_t>& word() const noexcept {
    return *reinterpret_cast<const std::atomic<std::uint32_t>*>(&mutex_.__data.__lock);
  }
  [[nodiscard]] std::uint32_t value() const noexcept { return word().load(std::memory_order_acquire); }

  static bool is_alive(std::uint32_t value) noexcept;

 private:
  pthread_mutex_t mutex_;
};

static_assert(sizeof(LifeWord) == 40 && offsetof(pthread_mutex_t, __data.__lock) == 0,
              "the life word is the first word of a robust mutex, as glibc lays it out");

}  // namespace heirloom::os
