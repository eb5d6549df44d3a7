// SPDX-License-Identifier: Apache-2.0
#include "heirloom/typed/levels.hpp"

namespace heirloom::typed {

std::uint64_t Levels::lay_out() noexcept {
  std::uint64_t next = 0;
  for (std::size_t depth = 0; depth < count_; ++depth) {
    Level& level = (*this)[depth];
    level.words_end = next + level.words;
    level.words = next;
    next = level.words_end;
  }
  for (std::size_t depth = 0; depth < count_; ++depth) {
    Level& level = (*this)[depth];
    level.payload_end = next + level.payload;
    level.payload = next;
    next = level.payload_end;
  }
  return next;
}

bool Levels::complete() noexcept {
  for (std::size_t depth = 0; depth < count_; ++depth) {
    const Level& level = (*this)[depth];
    if (level.words != level.words_end || level.payload != level.payload_end) return false;
  }
  return true;
}

}  // namespace heirloom::typed
