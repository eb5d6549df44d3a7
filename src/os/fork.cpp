// SPDX-License-Identifier: Apache-2.0
#include "os/fork.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <atomic>

#include "base/assert.hpp"

namespace heirloom::os {

namespace {

constexpr std::size_t kPageBytes = 4096;

// A word that the kernel gives to a child as 0.
std::atomic<std::uint64_t>& make_wiped_word() noexcept {
  void* const page = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  HEIRLOOM_ASSERT(page != MAP_FAILED, "a page of memory is to be had");
  const int outcome = ::madvise(page, kPageBytes, MADV_WIPEONFORK);
  HEIRLOOM_ASSERT(outcome == 0, "Linux 4.14 and later wipe pages at a fork");
  return *static_cast<std::atomic<std::uint64_t>*>(page);
}

}  // namespace

void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) {
  ::pthread_atfork(before, in_parent, in_child);
}

std::uint64_t program_instance() noexcept {
  static std::atomic<std::uint64_t> last{0};  // of this program and those before it, from which it was forked
  static std::atomic<std::uint64_t>& word = make_wiped_word();
  std::uint64_t mine = word.load(std::memory_order_acquire);
  if (mine != 0) return mine;
  const std::uint64_t next = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return word.compare_exchange_strong(mine, next, std::memory_order_acq_rel) ? next : mine;
}

}  // namespace heirloom::os
