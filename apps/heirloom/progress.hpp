// SPDX-License-Identifier: Apache-2.0
//
// Progress: how far something long has come, on standard error: a bar when that is a terminal, else - where that is asked for - a
// line every few seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace heirloom::cli {

class Progress {
 public:
  struct Options {
    std::string unit;     // what is counted
    bool shown = true;    // false: nothing is said at all
    std::string command;  // whose lines they are where there is no terminal; none: no lines
    // What is over by then needs no bar.
    std::chrono::milliseconds patience{0};
  };
  explicit Progress(Options options);
  // Takes the bar away, so that nothing stands beside it.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` may be wrong, or 0 where nobody knows.
  void show(std::uint64_t done, std::uint64_t total);
  // In place of the bar, from now on.
  void say(const std::string& what);

 private:
  void draw(const std::string& line);

  const Options options_;
  const bool terminal_;
  bool drawn_ = false;
  bool said_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace heirloom::cli
