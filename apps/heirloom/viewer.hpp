// SPDX-License-Identifier: Apache-2.0
//
// Viewer: a table page by page, as ets:i/3 shows it to a person who says on standard input, line by line, what comes next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli {

// A POSIX extended regular expression.
class Pattern {
 public:
  // Throws UsageError that says what is wrong with it.
  explicit Pattern(const std::string& expression);
  [[nodiscard]] bool is_in(const std::string& text) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

// In characters; the prompt is the last line of a page.
struct PageSize {
  std::size_t height;
  std::size_t width;
};
// An object nests no deeper on a page than that is wide.
inline constexpr std::size_t kPageWidthMin = 20;
inline constexpr std::size_t kPageWidthMax = 2000;
// That of the terminal that is standard output, within these bounds, or 20 by 80.
PageSize page_size();

class Viewer {
 public:
  enum class End { quit, kill };

  Viewer(Table table, PageSize page);
  // Until the person has enough, or asks that the table be deleted and has said yes.
  End run();

 private:
  [[nodiscard]] bool at_end() const { return next_ == std::default_sentinel; }
  [[nodiscard]] bool is_wanted(const Term& object) const { return !pattern_ || pattern_->is_in(to_string(object)); }
  void show_page();
  void show_item(const Term& object);
  void print_number(const std::string& digits) const;
  void search(const std::string& expression);
  [[nodiscard]] bool confirms_kill() const;

  Table table_;
  PageSize page_;
  std::optional<Pattern> pattern_;  // none: all objects are shown
  Table::Iterator next_;
  std::uint64_t shown_ = 0;
};

}  // namespace heirloom::cli
