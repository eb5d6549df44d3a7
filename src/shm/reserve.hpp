// SPDX-License-Identifier: Apache-2.0
//
// What a full segment has for who frees memory: some pages beyond max_bytes, for the threads that have a Reserve at that moment.
#pragma once

#include <cstdint>
#include <utility>

namespace heirloom::shm {

class Reserve {
 public:
  // One run of blocks, and one for a list of retired ones.
  static constexpr std::uint64_t kPages = 32;

  Reserve() noexcept : before_(std::exchange(in_use_, true)) {}
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;
  ~Reserve() { in_use_ = before_; }
  [[nodiscard]] static std::uint64_t pages() noexcept { return in_use_ ? kPages : 0; }

 private:
  static inline thread_local bool in_use_ = false;
  bool before_;
};

}  // namespace heirloom::shm
