// SPDX-License-Identifier: Apache-2.0
#include "demo/report.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace heirloom::cli::demo {

namespace {

constexpr std::size_t kLinesMax = 10;  // of each kind of bad news

double milliseconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

// The smallest value that so many per cent of all do not exceed.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

std::string times(const char* name, std::vector<std::int64_t> values) {
  if (values.empty()) return fmt::format("  {:<9} none\n", name);
  std::sort(values.begin(), values.end());
  return fmt::format("  {:<9} p50 {:.3f} ms, p99 {:.3f} ms, max {:.3f} ms ({} kills)\n", name,
                     milliseconds(percentile(values, 50)), milliseconds(percentile(values, 99)),
                     milliseconds(values.back()), values.size());
}

std::string listed(const char* title, const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t index = 0; index < std::min(lines.size(), kLinesMax); ++index) {
    text += fmt::format("{:<10}{}\n", title, lines[index]);
  }
  if (lines.size() > kLinesMax) text += fmt::format("{:<10}and {} more\n", title, lines.size() - kLinesMax);
  return text;
}

}  // namespace

void Report::hear(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  if (what == "kill") {
    std::string kind;
    std::int64_t nanoseconds = 0;
    std::uint64_t repairs = 0;
    words >> kind >> nanoseconds >> repairs;
    (kind == "waiting" ? waiting_ : started_).push_back(nanoseconds);
    if (repairs > 0) ++inside_;
  } else if (what == "looked") {
    words >> lookups_ >> seen_torn_;
  } else if (what == "repairs") {
    words >> repairs_finished_ >> repairs_undone_;
  } else if (what == "position") {
    words >> inserts_ >> passes_;
  } else if (what == "compared") {
    compared_ = static_cast<bool>(words >> lost_ >> doubled_);
  } else if (what == "torn" || what == "finding" || what == "trouble") {
    auto& kept = what == "torn" ? sights_ : what == "finding" ? findings_ : troubles_;
    kept.push_back(line.substr(std::min(line.size(), what.size() + 1)));
  }
}

void Report::note_trouble(const std::string& what) { troubles_.push_back(what); }

// The reader tells only its first sights in full, but its count, if it lived to tell it, is of all.
std::uint64_t Report::torn() const {
  return std::max<std::uint64_t>(seen_torn_, sights_.size()) + findings_.size() + troubles_.size();
}

std::string Report::text() const {
  std::string text = fmt::format("kills     {}, of which {} fell inside a write (repaired: {} finished, {} undone)\n",
                                 kills(), inside_, repairs_finished_, repairs_undone_);
  text += fmt::format("work      {} inserts, {} passes over the input\n", inserts_, passes_);
  text += "from SIGKILL until the replacement holds the table\n";
  text += times("waiting", waiting_) + times("started", started_);
  text += fmt::format("reader    {} lookups meanwhile\n", lookups_);
  text += listed("torn", sights_) + listed("finding", findings_) + listed("trouble", troubles_);
  if (!compared_) text += "trouble   the table could not be compared with the count beside it\n";
  if (inside_ == 0) text += "trouble   no kill fell inside a write: nothing was put to the proof\n";
  text += fmt::format("verdict   lost {}, doubled {}, torn {}\n", lost_, doubled_, torn());
  return text;
}

bool Report::is_good(std::uint64_t kills_wanted) const {
  return kills() == kills_wanted && inside_ > 0 && compared_ && lost_ == 0 && doubled_ == 0 && torn() == 0;
}

}  // namespace heirloom::cli::demo
