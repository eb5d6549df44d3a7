// SPDX-License-Identifier: Apache-2.0
#include "shell/line_editor.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include <editline/readline.h>

namespace heirloom::cli::shell {

namespace {

constexpr int kStatementsMax = 1000;  // in the history

LineEditor::Completer& completer() {
  static LineEditor::Completer current;
  return current;
}

// The n-th word that the beginning may become, as a C string of its own.
char* next_completion(const char* beginning, int number) {
  static std::vector<std::string> words;
  if (number == 0) {
    try {
      words = completer()(beginning);
    } catch (const std::exception&) {
      words.clear();  // as when the node is gone: the next statement will tell
    }
  }
  return static_cast<std::size_t>(number) < words.size() ? ::strdup(words[static_cast<std::size_t>(number)].c_str())
                                                         : nullptr;
}

char** complete(const char* text, int /*start*/, int /*end*/) {
  rl_attempted_completion_over = 1;  // no names of files
  rl_completion_append_character = 0;
  return rl_completion_matches(text, &next_completion);
}

}  // namespace

LineEditor::LineEditor(std::filesystem::path history, Completer of_words) : history_(std::move(history)) {
  completer() = std::move(of_words);
  static char name[] = "heirloom";
  static char breaks[] = " \t\n\"\\'`@$><=;|&{}([,+-*/.!#%";
  rl_readline_name = name;
  rl_initialize();
  rl_attempted_completion_function = &complete;
  rl_completer_word_break_characters = breaks;
  using_history();
  stifle_history(kStatementsMax);
  if (history_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(history_.parent_path(), ignored);
  const mode_t before = ::umask(0077);  // it may hold what nobody else should read
  read_history(history_.c_str());
  ::umask(before);
}

LineEditor::~LineEditor() { completer() = {}; }

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  const std::unique_ptr<char, decltype(&std::free)> line(readline(prompt.c_str()), &std::free);
  return line ? std::optional<std::string>(line.get()) : std::nullopt;
}

// Each statement at once, so that a shell that is killed leaves them.
void LineEditor::remember(const std::string& statement) {
  if (statement.find_first_not_of(" \t\n") == std::string::npos) return;
  std::string line = statement;
  std::replace(line.begin(), line.end(), '\n', ' ');
  add_history(line.c_str());
  if (history_.empty()) return;
  const mode_t before = ::umask(0077);
  write_history(history_.c_str());
  ::umask(before);
}

std::filesystem::path default_history() {
  if (const char* const named = std::getenv("HEIRLOOM_HISTORY")) return named;
  if (const char* const state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0')
    return std::filesystem::path(state) / "heirloom" / "history";
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::filesystem::path(home) / ".local" / "state" / "heirloom" / "history";
  return {};
}

}  // namespace heirloom::cli::shell
