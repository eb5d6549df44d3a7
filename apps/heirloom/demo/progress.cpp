// SPDX-License-Identifier: Apache-2.0
#include "demo/progress.hpp"

#include <unistd.h>

#include <utility>

#include <fmt/format.h>

namespace heirloom::cli::demo {

namespace {

constexpr std::uint64_t kCells = 40;
constexpr std::chrono::milliseconds kBarEvery{50};
constexpr std::chrono::seconds kLineEvery{3};

void write_error(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

Progress::Progress(std::uint64_t total, std::string unit, bool shown)
    : total_(total), unit_(std::move(unit)), shown_(shown), terminal_(::isatty(STDERR_FILENO) == 1) {
  next_ = std::chrono::steady_clock::now() +
          (terminal_ ? std::chrono::milliseconds(0) : std::chrono::milliseconds(kLineEvery));
}

Progress::~Progress() {
  if (shown_ && terminal_) write_error("\r\033[K");
}

void Progress::show(std::uint64_t done) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || said_ || now < next_) return;
  if (terminal_) {
    next_ = now + kBarEvery;
    const std::uint64_t full = done * kCells / total_;
    write_error(fmt::format("\r[{:#<{}}{:.<{}}] {}/{} {}\033[K", "", full, "", kCells - full, done, total_, unit_));
  } else {
    next_ = now + kLineEvery;
    write_error(fmt::format("heirloom: demo: {} of {} {}\n", done, total_, unit_));
  }
}

void Progress::say(const std::string& what) {
  if (!shown_ || said_) return;
  said_ = true;
  // A pass over a usual input takes no time to speak of, and a log is no place for what is over when it is read.
  if (terminal_) write_error(fmt::format("\r{}\033[K", what));
}

}  // namespace heirloom::cli::demo
