// SPDX-License-Identifier: Apache-2.0
//
// Input: all the text that the demo counts, copied into one file without a name before anything starts: every pass then
// sees the same, whatever happens to the originals, standard input can be read more than once, and nothing is left behind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heirloom::cli::demo {

class Input {
 public:
  // Of files, directories (all regular files below, in the order of their paths; symbolic links are not followed) and `-`
  // for standard input. A line break keeps the last word of one from the first word of the next. Throws UsageError for what
  // cannot be read, and when there is no word in all of it.
  static Input copy_of(const std::vector<std::string>& paths);
  Input(Input&& other) noexcept;
  ~Input();

  // For this process and those that it starts, which inherit the file.
  [[nodiscard]] std::string path() const;

  [[nodiscard]] std::uint64_t files() const noexcept { return files_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t words() const noexcept { return words_; }

 private:
  Input();
  void append(const std::string& path);
  void append_bytes(const char* bytes, std::size_t count);

  int file_;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t words_ = 0;
  char last_ = '\n';
};

}  // namespace heirloom::cli::demo
