// SPDX-License-Identifier: Apache-2.0
//
// Interrupts: SIGINT, SIGTERM and SIGHUP, as something to be asked about, so that what is half done is taken down in order.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace heirloom::cli {

// main() tells it and returns 128 and the signal.
class Interrupted : public std::exception {
 public:
  explicit Interrupted(int signal, std::string left = "nothing is left behind")
      : signal_(signal), left_(std::move(left)) {}
  [[nodiscard]] int signal() const noexcept { return signal_; }
  // What it means for what was being done.
  [[nodiscard]] const std::string& left() const noexcept { return left_; }

 private:
  int signal_;
  std::string left_;
};

// To be made before any other thread is, which would take the signals.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Throws Interrupted.
  void throw_if_any() const;

 private:
  int descriptor_;
};

}  // namespace heirloom::cli
