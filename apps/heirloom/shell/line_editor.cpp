// SPDX-License-Identifier: Apache-2.0
#include "shell/line_editor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include <editline/readline.h>

namespace heirloom::cli::shell {

namespace {

constexpr int kStatementsMax = 1000;  // in the history

volatile std::sig_atomic_t interrupted = 0;

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
  rl_catch_signals = 0;
  rl_initialize();
  rl_attempted_completion_function = &complete;
  rl_completer_word_break_characters = breaks;
  using_history();
  stifle_history(kStatementsMax);
  load_history();
}

// One statement a line, the newest last; what is too old goes.
void LineEditor::load_history() {
  if (history_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(history_.parent_path(), ignored);
  std::vector<std::string> statements;
  std::ifstream file(history_);
  for (std::string line; std::getline(file, line);) statements.push_back(line);
  const std::size_t old = statements.size() - std::min(statements.size(), std::size_t{kStatementsMax});
  for (std::size_t i = old; i < statements.size(); ++i) add_history(statements[i].c_str());
  if (old < kStatementsMax) return;
  std::filesystem::path fresh = history_;
  fresh += '.' + std::to_string(::getpid());
  for (std::size_t i = old; i < statements.size(); ++i) append(fresh, statements[i]);
  std::filesystem::rename(fresh, history_, ignored);
  if (ignored) std::filesystem::remove(fresh, ignored);
}

// For nobody else to read. In one step, so that several shells may write to the same file.
void LineEditor::append(const std::filesystem::path& file, const std::string& statement) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return;
  const std::string line = statement + '\n';
  if (::write(descriptor, line.data(), line.size()) < 0) {
    // A history that cannot be kept is no reason not to work.
  }
  ::close(descriptor);
}

LineEditor::~LineEditor() { completer() = {}; }

// Ctrl-C ends the reading of the line, not the program.
std::optional<std::string> LineEditor::read(const std::string& prompt) {
  struct sigaction by_flag {};
  struct sigaction before {};
  by_flag.sa_handler = [](int) { interrupted = 1; };
  ::sigemptyset(&by_flag.sa_mask);
  interrupted = 0;
  ::sigaction(SIGINT, &by_flag, &before);
  const std::unique_ptr<char, decltype(&std::free)> line(readline(prompt.c_str()), &std::free);
  ::sigaction(SIGINT, &before, nullptr);
  if (interrupted != 0) {
    std::fputs("\n", stdout);
    return "";
  }
  return line ? std::optional<std::string>(line.get()) : std::nullopt;
}

// Each statement at once, so that a shell that is killed leaves them.
void LineEditor::remember(const std::string& statement) {
  if (statement.find_first_not_of(" \t\n") == std::string::npos) return;
  std::string line = statement;
  std::replace(line.begin(), line.end(), '\n', ' ');
  add_history(line.c_str());
  if (!history_.empty()) append(history_, line);
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
