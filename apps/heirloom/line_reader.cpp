// SPDX-License-Identifier: Apache-2.0
#include "line_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace heirloom::cli {

std::optional<std::string> LineReader::take_line() {
  const auto end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

std::optional<std::string> LineReader::next(std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    if (auto line = take_line()) return line;
    if (ended_) return std::nullopt;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{descriptor_, POLLIN, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30)));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    char bytes[4096];
    const ssize_t got = ::read(descriptor_, bytes, sizeof(bytes));
    if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR)) ended_ = true;
  }
}

}  // namespace heirloom::cli
