// SPDX-License-Identifier: Apache-2.0
//
// Size classes: the sizes that blocks of a segment have. Multiples of 16 up to 128 bytes, then four a doubling, so that a
// block is at most a fifth larger than asked for. And a few classes of one size each, for nodes of lists and indexes, so that they
// do not lie among blocks that can be moved (heap.hpp, "Draining").
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace heirloom::shm {

using SizeClass = std::uint32_t;

inline constexpr std::uint64_t kBlockAlignBytes = 16;
inline constexpr std::uint64_t kLinearBytesMax = 128;
inline constexpr SizeClass kLinearClasses = kLinearBytesMax / kBlockAlignBytes;  // 16, 32, ... 128
inline constexpr std::uint64_t kBlockBytesMax = std::uint64_t{1} << 28;
inline constexpr SizeClass kBlockClasses = kLinearClasses + 4 * (28 - 7);
inline constexpr std::uint64_t kNodeBytes[] = {64, 256, 512, 1520};
inline constexpr SizeClass kSizeClasses = kBlockClasses + static_cast<SizeClass>(std::size(kNodeBytes));

constexpr bool is_node_class(SizeClass size_class) noexcept { return size_class >= kBlockClasses; }

constexpr std::uint64_t class_bytes(SizeClass size_class) noexcept {
  if (size_class < kLinearClasses) return (size_class + 1) * kBlockAlignBytes;
  if (is_node_class(size_class)) return kNodeBytes[size_class - kBlockClasses];
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

// That of nodes of one of the sizes above.
consteval SizeClass node_class_of(std::uint64_t bytes) {
  SizeClass index = 0;
  while (kNodeBytes[index] != bytes) ++index;  // where there is none, this does not compile
  return kBlockClasses + index;
}

static_assert(class_bytes(kBlockClasses - 1) == kBlockBytesMax);
static_assert(class_of(1) == 0 && class_of(64) == 3 && class_bytes(3) == 64 && class_bytes(class_of(129)) == 160);
static_assert(class_of(kBlockBytesMax) == kBlockClasses - 1 && class_bytes(class_of(161)) == 192);

}  // namespace heirloom::shm
