// SPDX-License-Identifier: Apache-2.0
//
// Report: all that the director heard, and what it says about the demo.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heirloom::cli::demo {

class Report {
 public:
  // A line of the supervisor, the reader or the audit.
  void hear(const std::string& line);
  // A process that could not go on, and what became of it.
  void note_trouble(const std::string& what);

  [[nodiscard]] std::uint64_t kills() const { return waiting_.size() + started_.size(); }
  [[nodiscard]] std::string text() const;
  // So many kills, each survived, at least one of them inside a write, and nothing lost, doubled or torn.
  [[nodiscard]] bool is_good(std::uint64_t kills_wanted) const;

 private:
  [[nodiscard]] std::uint64_t torn() const;

  std::vector<std::int64_t> waiting_;  // nanoseconds from SIGKILL to a replacement that has the table
  std::vector<std::int64_t> started_;
  std::uint64_t inside_ = 0;
  std::uint64_t repairs_finished_ = 0;
  std::uint64_t repairs_undone_ = 0;
  std::uint64_t inserts_ = 0;
  std::uint64_t passes_ = 0;
  std::uint64_t lookups_ = 0;
  std::uint64_t seen_torn_ = 0;  // by the reader
  bool compared_ = false;
  std::uint64_t lost_ = 0;
  std::uint64_t doubled_ = 0;
  std::vector<std::string> sights_;
  std::vector<std::string> findings_;
  std::vector<std::string> troubles_;
};

}  // namespace heirloom::cli::demo
