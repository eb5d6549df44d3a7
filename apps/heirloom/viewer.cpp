// SPDX-License-Identifier: Apache-2.0
#include "viewer.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <clocale>
#include <iostream>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <regex.h>

#include "command.hpp"

namespace heirloom::cli {

struct Pattern::Compiled {
  explicit Compiled(const std::string& text) {
    const int error = ::regcomp(&expression, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error == 0) return;
    char why[256];
    ::regerror(error, &expression, why, sizeof(why));
    throw UsageError(fmt::format("`{}`: {}", text, why));
  }
  ~Compiled() { ::regfree(&expression); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  regex_t expression{};
};

Pattern::Pattern(const std::string& expression) : compiled_(std::make_shared<const Compiled>(expression)) {}

bool Pattern::is_in(const std::string& text) const {
  return ::regexec(&compiled_->expression, text.c_str(), 0, nullptr, 0) == 0;
}

PageSize page_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {20, 80};
  return {std::max<std::size_t>(size.ws_row, 2), std::clamp<std::size_t>(size.ws_col, kPageWidthMin, kPageWidthMax)};
}

namespace {

constexpr std::string_view kCut = "  ...";

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t bytes = 0;
  while (bytes < text.size() && (!begins_character(text[bytes]) || count-- != 0)) ++bytes;
  return text.substr(0, bytes);
}

// As to_string() begins, but nothing is added to the text once it has so many bytes: of a large tuple or list, the first elements
// are printed. Each level adds a byte, so that it does not call itself more often than that.
void append_beginning(TermView term, std::size_t bytes, std::string& text) {
  const bool list = term.kind() == TermKind::list && term.is_proper_list();
  if (!list && !term.is_tuple()) {
    text += to_string(term);
    return;
  }
  text += list ? '[' : '{';
  bool first = true;
  for (const TermView element : term.elements()) {
    if (text.size() > bytes) return;
    if (!std::exchange(first, false)) text += ',';
    append_beginning(element, bytes, text);
  }
  text += list ? ']' : '}';
}

std::string beginning_of(const Term& object, std::size_t width) {
  std::string text;
  append_beginning(object, 4 * width, text);  // a character has up to four bytes
  if (characters_in(text) <= width) return text;
  return std::string(first_characters(text, width - kCut.size())) += kCut;
}

// Nothing: the end of the input.
std::optional<std::string> ask(std::string_view prompt) {
  print(prompt);
  flush_output();
  std::string line;
  const bool read = static_cast<bool>(std::getline(std::cin, line));
  // A terminal shows the line's end that was typed.
  if (!read || ::isatty(STDIN_FILENO) != 1) print("\n");
  return read ? std::optional(line) : std::nullopt;
}

}  // namespace

Viewer::Viewer(Table table, PageSize page) : table_(std::move(table)), page_(page), next_(table_.begin()) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // for regular expressions: a character may have several bytes
}

Viewer::End Viewer::run() {
  show_page();
  for (;;) {
    const auto line =
        ask(at_end() ? "EOT  (q)uit (p)Digits (k)ill /Regexp -->" : "(c)ontinue (q)uit (p)Digits (k)ill /Regexp -->");
    if (!line || *line == "q") return End::quit;
    if (line->empty() || *line == "c") {
      show_page();
    } else if (*line == "k") {
      if (confirms_kill()) return End::kill;
    } else if (line->front() == 'p') {
      print_number(line->substr(1));
    } else if (line->front() == '/') {
      search(line->substr(1));
    }
  }
}

void Viewer::show_page() {
  for (std::size_t line = 1; line < page_.height && !at_end(); ++next_) {
    if (!is_wanted(*next_)) continue;
    show_item(*next_);
    ++line;
  }
}

void Viewer::show_item(const Term& object) {
  const std::string number = fmt::format("<{:<4}> ", ++shown_);
  print(number + beginning_of(object, page_.width - number.size() - 1) + '\n');
}

// Among those that the pattern finds, if there is one: as they are numbered on the pages.
void Viewer::print_number(const std::string& digits) const {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return print("Bad digits\n");
  std::uint64_t at = 0;
  for (const Term& object : table_) {
    if (is_wanted(object) && ++at == number) return print(to_string(object) + '\n');
  }
  print(fmt::format("There is no object {}, but {}\n", number, at));
}

// From the first object on.
void Viewer::search(const std::string& expression) try {
  pattern_ = Pattern(expression);
  next_ = table_.begin();
  shown_ = 0;
  show_page();
} catch (const UsageError& error) {
  print(fmt::format("{}\n", error.what()));
}

bool Viewer::confirms_kill() const {
  const auto answer = ask(fmt::format("Kill {}? (y)es -->", table_.name().text()));
  return answer == "y" || answer == "yes";
}

}  // namespace heirloom::cli
