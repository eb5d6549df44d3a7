// SPDX-License-Identifier: Apache-2.0
//
// Levels: how many words each level of a block takes. A block lies level by level (the root, its elements, their elements
// ...), whereas a C++ value is walked depth first; within one level both orders are the same. So a value becomes a block
// without anything in between: one walk counts what each level takes, a second one puts each word where its level goes on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heirloom::typed {

// While counting, `words` and `payload` count; while writing, they are the next free indexes of the block, up to the ends.
struct Level {
  std::uint64_t words;
  std::uint64_t payload;
  std::uint64_t words_end;
  std::uint64_t payload_end;
};

class Levels {
 public:
  Levels() noexcept { near_[0] = {}; }

  [[nodiscard]] bool has(std::size_t depth) const noexcept { return depth < count_; }
  // Requires a depth that was reached.
  Level& operator[](std::size_t depth) noexcept { return depth < kNear ? near_[depth] : far_[depth - kNear]; }

  // Makes sure that there are levels down to this depth, which is at most one below the deepest.
  void reach(std::size_t depth) {
    if (depth < count_) return;
    count_ = depth + 1;
    if (depth < kNear) {
      near_[depth] = {};
    } else {
      far_.emplace_back();
    }
  }

  // From counting to writing: the term words of all levels one after another, behind them the payloads. The words of the
  // whole block.
  std::uint64_t lay_out() noexcept;

  // Whether each level was written to its end.
  [[nodiscard]] bool complete() noexcept;

 private:
  static constexpr std::size_t kNear = 8;

  std::size_t count_ = 1;
  std::array<Level, kNear> near_;  // set when reached: most values are two levels deep
  std::vector<Level> far_;
};

}  // namespace heirloom::typed
