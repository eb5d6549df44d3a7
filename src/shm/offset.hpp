// SPDX-License-Identifier: Apache-2.0
//
// Offsets: addresses inside a segment, in bytes from its start; 0 is none. Where a segment lies differs from program to
// program, so nothing in it is a pointer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace heirloom::shm {

using Offset = std::uint64_t;
using Base = std::byte*;  // where the segment is mapped in this program

inline std::atomic<std::uint64_t>& word_at(Base base, Offset offset) noexcept {
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(base + offset);
}

static_assert(sizeof(std::atomic<std::uint64_t>) == 8 && std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace heirloom::shm
