// SPDX-License-Identifier: Apache-2.0
//
// InputFile: a file that is read, wherever it is. Functions return the number of the error (errno), or 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "os/fd.hpp"

namespace heirloom::os {

class InputFile {
 public:
  // Follows symbolic links. EISDIR for a directory, ENXIO for what is no file either.
  [[nodiscard]] int open(const std::filesystem::path& path);
  // As many bytes as there are from `offset` on, and `to` takes; how many, in `count`.
  [[nodiscard]] int read(std::uint64_t offset, std::span<char> to, std::size_t& count) const;
  // When it was opened.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  Fd file_;
  std::uint64_t bytes_ = 0;
};

}  // namespace heirloom::os
