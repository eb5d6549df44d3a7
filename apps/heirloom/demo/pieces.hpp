// SPDX-License-Identifier: Apache-2.0
//
// Pieces: the input line by line, from any place. A line without end is cut at white space, so that no word is.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace heirloom::cli::demo {

// As isspace() in the C locale, and wc.
constexpr bool is_white_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

// Maximal runs of other bytes.
template <typename Visit>
void for_each_word(std::string_view text, Visit visit) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && is_white_space(text[at])) ++at;
    const std::size_t begin = at;
    while (at < text.size() && !is_white_space(text[at])) ++at;
    if (at > begin) visit(text.substr(begin, at - begin));
  }
}

class Pieces {
 public:
  // Throws Error{io}.
  explicit Pieces(const std::string& path);

  void seek(std::uint64_t offset);
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  // False at the end.
  bool next(std::string& piece);

 private:
  std::ifstream file_;
  std::uint64_t offset_ = 0;
};

}  // namespace heirloom::cli::demo
