// SPDX-License-Identifier: Apache-2.0
//
// Size classes: the sizes that blocks of a segment have. Multiples of 16 up to 128 bytes, then four a doubling, so that a
// block is at most a fifth larger than asked for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace heirloom::shm {

using SizeClass = std::uint32_t;

inline constexpr std::uint64_t kBlockAlignBytes = 16;
inline constexpr std::uint64_t kLinearBytesMax = 128;
inline constexpr SizeClass kLinearClasses = kLinearBytesMax / kBlockAlignBytes;  // 16, 32, ... 128
inline constexpr std::uint64_t kBlockBytesMax = std::uint64_t{1} << 28;
inline constexpr SizeClass kSizeClasses = kLinearClasses + 4 * (28 - 7);

constexpr std::uint64_t class_bytes(SizeClass size_class) noexcept {
  if (size_class < kLinearClasses) return (size_class + 1) * kBlockAlignBytes;
  const SizeClass step = size_class - kLinearClasses;
  const std::uint64_t doubling = kLinearBytesMax << (step / 4);
  return doubling + doubling / 4 * (step % 4 + 1);
}

// The smallest class of at least `bytes`, which is 1 .. kBlockBytesMax.
constexpr SizeClass class_of(std::uint64_t bytes) noexcept {
  if (bytes <= kLinearBytesMax) return static_cast<SizeClass>((bytes + kBlockAlignBytes - 1) / kBlockAlignBytes) - 1;
  const auto doublings = static_cast<SizeClass>(std::bit_width(bytes - 1)) - 8;  // 129 .. 256 bytes: 0
  const std::uint64_t base = kLinearBytesMax << doublings;
  return kLinearClasses + doublings * 4 + static_cast<SizeClass>((bytes - base - 1) / (base / 4));
}

static_assert(class_bytes(kSizeClasses - 1) == kBlockBytesMax);
static_assert(class_of(1) == 0 && class_of(64) == 3 && class_bytes(3) == 64 && class_bytes(class_of(129)) == 160);
static_assert(class_of(kBlockBytesMax) == kSizeClasses - 1 && class_bytes(class_of(161)) == 192);

}  // namespace heirloom::shm
