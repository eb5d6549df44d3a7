// SPDX-License-Identifier: Apache-2.0
//
// What catches a TermView that outlived its Term. In a build with HEIRLOOM_CHECK_VIEWS - the presets debug and those of the
// sanitizers - each view carries a mark that its Term takes back when it is changed, moved or destroyed, and reading through
// such a view ends the program with a message. In others there is no mark and no check. CMake passes the setting on to whoever
// links Heirloom; a program that is compiled with another one than the library does not link.
#pragma once

#include <cstdint>

#ifndef HEIRLOOM_CHECK_VIEWS
#define HEIRLOOM_CHECK_VIEWS 0
#endif

// On functions whose result reads what the object owns: clang warns where that is a temporary.
#if defined(__has_cpp_attribute) && __has_cpp_attribute(clang::lifetimebound)
#define HEIRLOOM_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define HEIRLOOM_LIFETIMEBOUND
#endif

namespace heirloom {

#if HEIRLOOM_CHECK_VIEWS

// The mark in a view. One that names no Term, as those of a table's memory, is never checked.
class ViewLife {
 public:
  constexpr ViewLife() noexcept = default;
  ViewLife(std::uint32_t slot, std::uint32_t generation) noexcept : slot_(slot), generation_(generation) {}

  // Ends the program when the Term has taken the mark back.
  void check() const noexcept;

 private:
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
};

// The marks that a Term gave: none until its first view.
class ViewOwner {
 public:
  [[nodiscard]] ViewLife mark() const noexcept;
  void take_back() noexcept;

 private:
  mutable std::uint32_t slot_ = 0;
};

extern const char kViewsAreChecked;
[[gnu::used]] inline const char* const kViewSetting = &kViewsAreChecked;

#else

class ViewLife {
 public:
  void check() const noexcept {}
};

class ViewOwner {
 public:
  [[nodiscard]] ViewLife mark() const noexcept { return {}; }
  void take_back() noexcept {}
};

extern const char kViewsAreNotChecked;
[[gnu::used]] inline const char* const kViewSetting = &kViewsAreNotChecked;

#endif

}  // namespace heirloom
