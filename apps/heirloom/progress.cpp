// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace heirloom::cli {

namespace {

constexpr std::uint64_t kCells = 40;
constexpr std::chrono::milliseconds kBarEvery{50};
constexpr std::chrono::seconds kLineEvery{3};

void write_error(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

std::string bar(std::uint64_t done, std::uint64_t total, const std::string& unit) {
  if (total == 0) return fmt::format("{} {}", done, unit);
  const auto part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const auto full = static_cast<std::uint64_t>(part * kCells);
  return fmt::format("[{:#<{}}{:.<{}}] {}/{} {}", "", full, "", kCells - full, done, total, unit);
}

}  // namespace

Progress::Progress(Options options) : options_(std::move(options)), terminal_(::isatty(STDERR_FILENO) == 1) {
  next_ = std::chrono::steady_clock::now() + (terminal_ ? options_.patience : std::chrono::milliseconds(kLineEvery));
}

Progress::~Progress() {
  if (drawn_) write_error("\r\033[K");
}

void Progress::show(std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!options_.shown || said_ || now < next_) return;
  if (terminal_) {
    next_ = now + kBarEvery;
    draw(bar(done, total, options_.unit));
  } else if (!options_.command.empty()) {
    next_ = now + kLineEvery;
    write_error(fmt::format("heirloom: {}: {} of {} {}\n", options_.command, done, total, options_.unit));
  }
}

void Progress::say(const std::string& what) {
  if (!options_.shown || said_) return;
  said_ = true;
  // A pass over a usual input takes no time to speak of, and a log is no place for what is over when it is read.
  if (terminal_) draw(what);
}

void Progress::draw(const std::string& line) {
  drawn_ = true;
  write_error('\r' + line + "\033[K");
}

}  // namespace heirloom::cli
