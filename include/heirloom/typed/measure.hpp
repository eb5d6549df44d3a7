// SPDX-License-Identifier: Apache-2.0
//
// Measure: the first of the two walks over a value that becomes a term. It has the same functions as Writer, and counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"
#include "heirloom/typed/levels.hpp"

namespace heirloom::typed {

// How deep the containers of a typed value may nest: what is read recurses, and a stack is finite. Terms inside it may be
// deeper.
inline constexpr std::size_t kNestingMax = 500;

class Measure {
 public:
  static constexpr bool kWrites = false;

  void integer(std::int64_t value) noexcept { add(value < kSmallMin || value > kSmallMax); }
  void integer(std::uint64_t value) noexcept { add(value > static_cast<std::uint64_t>(kSmallMax)); }
  void floating(double /*value*/) noexcept { add(1); }
  void boolean(bool /*value*/) noexcept { add(0); }
  void undefined() noexcept { add(0); }
  void atom(Atom /*value*/) noexcept { add(0); }
  void pid(Pid /*value*/) noexcept { add(1); }
  void bytes(std::string_view value) noexcept {
    add(value.size() / 8 + (value.size() % 8 != 0) + (value.size() >= kSizeEscape));
  }
  void term(TermView value);

  void open_tuple(std::size_t /*size*/) { open(); }
  void open_list(std::size_t size) { size != 0 ? open() : add(0); }
  void open_map(std::size_t /*pairs*/) { open(); }
  void close_list(std::size_t size) noexcept { depth_ -= size != 0; }
  void close() noexcept { --depth_; }

  void refuse_undefined() const noexcept {}

  [[nodiscard]] Levels& levels() noexcept { return levels_; }

 private:
  // What a word can hold, as docs/memory-layout.md says; src/typed/writer.cpp proves that it says the same.
  friend class Writer;
  static constexpr std::int64_t kSmallMax = (std::int64_t{1} << 59) - 1;
  static constexpr std::int64_t kSmallMin = -kSmallMax - 1;
  static constexpr std::size_t kSizeEscape = (std::size_t{1} << 28) - 1;

  void add(std::uint64_t payload_words) noexcept {
    Level& level = levels_[depth_];
    ++level.words;
    level.payload += payload_words;
  }
  void open() {
    add(0);
    if (++depth_ > kNestingMax) refuse_depth();
    levels_.reach(depth_);
  }
  [[noreturn, gnu::cold]] static void refuse_depth();

  Levels levels_;
  std::size_t depth_ = 0;
};

}  // namespace heirloom::typed
