// SPDX-License-Identifier: Apache-2.0
//
// Mapping: a file in shared memory. More bytes may be mapped than the file has: they become usable as it grows, at the
// same addresses; until then nobody may touch them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"

namespace heirloom::os {

class Mapping {
 public:
  Mapping() = default;
  static Result<Mapping> map(const Fd& file, std::uint64_t bytes, Access access);
  Mapping(Mapping&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Mapping();

  [[nodiscard]] std::byte* base() const noexcept { return base_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  Mapping(std::byte* base, std::uint64_t bytes) noexcept : base_(base), bytes_(bytes) {}
  std::byte* base_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace heirloom::os
