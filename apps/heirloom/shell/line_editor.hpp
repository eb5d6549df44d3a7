// SPDX-License-Identifier: Apache-2.0
//
// LineEditor: lines that a person types at a terminal, with a history that is kept in a file, and words that Tab completes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heirloom::cli::shell {

// One at a time: the library behind it has one state.
class LineEditor {
 public:
  using Completer = std::function<std::vector<std::string>(std::string_view beginning)>;

  // An empty `history` keeps none. One that cannot be read or written is no reason not to work.
  LineEditor(std::filesystem::path history, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Nothing: the end of the input. An empty line after Ctrl-C.
  std::optional<std::string> read(const std::string& prompt);
  // To the history, in memory and in the file.
  void remember(const std::string& statement);

 private:
  void load_history();
  static void append(const std::filesystem::path& file, const std::string& statement);

  std::filesystem::path history_;
};

// $HEIRLOOM_HISTORY, or heirloom/history in $XDG_STATE_HOME, or in ~/.local/state; empty: none of them is there.
[[nodiscard]] std::filesystem::path default_history();

}  // namespace heirloom::cli::shell
