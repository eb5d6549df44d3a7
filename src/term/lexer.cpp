// SPDX-License-Identifier: Apache-2.0
#include "term/lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "term/text_characters.hpp"

namespace heirloom::term {

namespace {

// The longer symbols come before those that they begin with.
constexpr std::array<std::pair<std::string_view, TokenKind>, 16> kSymbols = {{
    {"#{", TokenKind::open_map},
    {"<<", TokenKind::open_binary},
    {">>", TokenKind::close_binary},
    {"=>", TokenKind::arrow},
    {"{", TokenKind::open_tuple},
    {"}", TokenKind::close_tuple},
    {"[", TokenKind::open_list},
    {"]", TokenKind::close_list},
    {",", TokenKind::comma},
    {"|", TokenKind::bar},
    {":", TokenKind::colon},
    {"/", TokenKind::slash},
    {"-", TokenKind::minus},
    {"+", TokenKind::plus},
    {".", TokenKind::stop},
    {"", TokenKind::end},
}};

// The same, of what there is in expressions besides; they are tried first.
constexpr std::array<std::pair<std::string_view, TokenKind>, 18> kSymbolsOfExpressions = {{
    {"=:=", TokenKind::operation},
    {"=/=", TokenKind::operation},
    {"==", TokenKind::operation},
    {"/=", TokenKind::operation},
    {"=<", TokenKind::operation},
    {">=", TokenKind::operation},
    {"=>", TokenKind::arrow},
    {"->", TokenKind::right_arrow},
    {"<<", TokenKind::open_binary},
    {">>", TokenKind::close_binary},
    {"++", TokenKind::operation},
    {"<", TokenKind::operation},
    {">", TokenKind::operation},
    {"*", TokenKind::operation},
    {"(", TokenKind::open_group},
    {")", TokenKind::close_group},
    {";", TokenKind::semicolon},
    {"=", TokenKind::match},
}};

}  // namespace

std::string Lexer::place_of(std::size_t byte) const {
  const std::string_view before = text_.substr(0, byte);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  // Characters, not bytes: each begins with a byte that continues no other.
  const auto column = 1 + std::count_if(in_line.begin(), in_line.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

void Lexer::refuse(std::size_t byte, const std::string& detail, ErrorCode code) const {
  throw Error(code, "parse a term", place_of(byte) + ": " + detail);
}

std::string Lexer::spelling(const Token& token) const {
  constexpr std::size_t kBytesMax = 40;
  if (token.kind == TokenKind::end) return "the end of the text";
  std::string_view text = text_.substr(token.begin, token.end - token.begin);
  if (text.size() <= kBytesMax) return '\'' + std::string(text) + '\'';
  std::size_t bytes = kBytesMax;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return '\'' + std::string(text.substr(0, bytes)) + "...'";
}

std::string Lexer::text_of_atom(const Token& token) const {
  if (token.string.size() > Atom::kCharactersMax) {
    refuse(token.begin, "no atom: it has " + std::to_string(token.string.size()) + " characters, and 255 is the most");
  }
  std::string text;
  for (const char32_t code : token.string) utf8_append(text, code);
  return text;
}

bool Lexer::is_word(const Token& token, std::string_view word) const noexcept {
  return token.kind == TokenKind::atom && text_.substr(token.begin, token.end - token.begin) == word;
}

char32_t Lexer::peek(std::size_t bytes_ahead) const {
  if (at_ + bytes_ahead >= text_.size()) return 0;
  const auto first = utf8_first(text_.substr(at_ + bytes_ahead));
  if (!first) refuse(at_ + bytes_ahead, "the text is no UTF-8");
  return first->code;
}

char32_t Lexer::take() {
  const auto first = utf8_first(text_.substr(at_));
  if (!first) refuse(at_, "the text is no UTF-8");
  at_ += first->bytes;
  return first->code;
}

bool Lexer::accept(std::string_view symbol) noexcept {
  if (!text_.substr(at_).starts_with(symbol)) return false;
  at_ += symbol.size();
  return true;
}

void Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    if (text_[at_] == '%') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (is_blank(peek())) {
      take();
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skip_blanks();
  Token token;
  token.begin = at_;
  if (at_ == text_.size()) {
    token.end = at_;
    return token;
  }
  const char32_t first = peek();
  if (starts_atom(first)) {
    name(token);
  } else if (first == '\'' || first == '"') {
    quoted(token, first);
  } else if (first == '$') {
    character(token);
  } else if (is_digit(first)) {
    number(token);
  } else if (grammar_ == Grammar::expressions ? !symbol_of_expression(token) : !pid(token)) {
    symbol(token);
  }
  token.end = at_;
  return token;
}

bool Lexer::string_follows() {
  skip_blanks();
  return text_.substr(at_).starts_with('"');
}

bool Lexer::symbol_of_expression(Token& token) {
  if (starts_variable(peek())) {
    name(token);
    token.kind = TokenKind::variable;
    return true;
  }
  for (const auto& [text, kind] : kSymbolsOfExpressions) {
    if (!accept(text)) continue;
    token.kind = kind;
    return true;
  }
  return false;
}

void Lexer::symbol(Token& token) {
  for (const auto& [text, kind] : kSymbols) {
    if (text.empty() || !accept(text)) continue;
    token.kind = kind;
    return;
  }
  const char32_t first = peek();
  if (first == '#') return opaque(token);
  if (starts_variable(first)) refuse(at_, "a variable has no value here; write an atom as 'Name', in quotation marks");
  std::string shown;
  utf8_append(shown, first);
  refuse(at_, "no term begins with '" + shown + "'");
}

void Lexer::name(Token& token) {
  token.kind = TokenKind::atom;
  while (continues_name(peek())) token.string += take();
}

void Lexer::quoted(Token& token, char32_t quote) {
  token.kind = quote == '"' ? TokenKind::string : TokenKind::atom;
  if (accept("\"\"\"")) refuse(token.begin, "strings in triple quotation marks are not read");
  take();
  while (true) {
    if (at_ == text_.size()) {
      refuse(token.begin, std::string("this ") + (quote == '"' ? "string" : "atom") + " has no closing quotation mark");
    }
    const std::size_t begin = at_;
    const char32_t code = take();
    if (code == quote) return;
    token.string += code == '\\' ? escaped(begin) : code;
  }
}

void Lexer::character(Token& token) {
  token.kind = TokenKind::integer;
  take();
  if (at_ == text_.size()) refuse(token.begin, "a character is missing behind '$'");
  const std::size_t begin = at_;
  const char32_t code = take();
  token.value = Term(static_cast<std::uint32_t>(code == '\\' ? escaped(begin) : code));
}

// What follows a backslash, which lies at `begin`.
char32_t Lexer::escaped(std::size_t begin) {
  if (at_ == text_.size()) refuse(begin, "a character is missing behind the backslash");
  const char32_t letter = take();
  if (letter >= '0' && letter <= '7') {
    char32_t code = letter - '0';
    for (int more = 0; more < 2 && peek() >= '0' && peek() <= '7'; ++more) code = code * 8 + (take() - '0');
    return code;
  }
  if (letter == 'x') return hexadecimal(begin);
  if (letter == '^') {
    const char32_t control = at_ < text_.size() ? take() : 0;
    if (control < '@' || control > '_') refuse(begin, "a control character is written \\^A to \\^_");
    return control & 31;
  }
  const char32_t code = escaped_by(letter);
  return code != 0 ? code : letter;
}

char32_t Lexer::hexadecimal(std::size_t begin) {
  const bool braces = accept("{");
  std::uint64_t code = 0;
  std::size_t count = 0;
  while (digit_value(peek()) < 16 && (braces ? count < 8 : count < 2)) {
    code = code * 16 + digit_value(take());
    ++count;
  }
  if (count == 0 || (!braces && count != 2) || (braces && !accept("}"))) {
    refuse(begin, "a character's number is written \\xHH or \\x{H...}, in hexadecimal digits");
  }
  if (!is_unicode_character(code)) refuse(begin, "Unicode has no such character");
  return static_cast<char32_t>(code);
}

}  // namespace heirloom::term
