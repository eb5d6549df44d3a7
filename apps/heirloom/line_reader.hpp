// SPDX-License-Identifier: Apache-2.0
//
// LineReader: what another process says, line by line, as it comes.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace heirloom::cli {

class LineReader {
 public:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  // The next line without its end, waited for until `deadline`. Nothing: it has not come, or (ended()) none will.
  std::optional<std::string> next(std::chrono::steady_clock::time_point deadline);
  // Every line was read, and the other side has closed.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  std::optional<std::string> take_line();

  int descriptor_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace heirloom::cli
