// SPDX-License-Identifier: Apache-2.0
//
// Progress: a bar on standard error when that is a terminal, else a line every few seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace heirloom::cli::demo {

class Progress {
 public:
  Progress(std::uint64_t total, std::string unit, bool shown);
  // Takes the bar away, so that the report does not stand beside it.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t done);
  // In place of the bar, from now on.
  void say(const std::string& what);

 private:
  const std::uint64_t total_;
  const std::string unit_;
  const bool shown_;
  const bool terminal_;
  bool said_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace heirloom::cli::demo
