// SPDX-License-Identifier: Apache-2.0
//
// Erlang's text as tokens. Numbers, characters and pids arrive as terms; strings and atoms as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "heirloom/term.hpp"

#include "term/utf8.hpp"
#include "term/word.hpp"

namespace heirloom::term {

enum class TokenKind {
  integer,
  floating,
  atom,
  string,
  identifier,  // a pid, reference or port
  open_tuple,
  close_tuple,
  open_list,
  close_list,
  open_map,
  open_binary,
  close_binary,
  comma,
  bar,
  arrow,
  colon,
  slash,
  minus,
  plus,
  stop,
  end,
  // Only in expressions.
  variable,
  operation,  // a symbol that is none of the others, as '=:='
  open_group,
  close_group,
  semicolon,
  right_arrow,
  match,
};

// What is written: terms, or expressions, which have variables and operators besides - and no pids of the form <0.1.2>.
enum class Grammar { terms, expressions };

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t begin = 0;  // its bytes in the text
  std::size_t end = 0;
  Term value;             // of an integer, a float, or an identifier
  std::u32string string;  // the characters of a string, an atom or a variable
};

class Lexer {
 public:
  explicit Lexer(std::string_view text, Grammar grammar = Grammar::terms) noexcept : text_(text), grammar_(grammar) {}

  // Throws Error{syntax}, and Error{system_limit} for an integer that is too large.
  Token next();
  [[nodiscard]] bool is_at_end() const noexcept { return at_ == text_.size(); }
  // Whether the next token is a string. Strings without anything between them are one.
  [[nodiscard]] bool string_follows();

  // Throws Error{syntax} that says where `byte` lies: "line 1, column 7: `detail`".
  [[noreturn]] void refuse(std::size_t byte, const std::string& detail, ErrorCode code = ErrorCode::syntax) const;
  // "line 1, column 7"
  [[nodiscard]] std::string place_of(std::size_t byte) const;
  // The text of an atom's token, in UTF-8.
  [[nodiscard]] std::string text_of_atom(const Token& token) const;
  // Whether a token is this word, not in quotation marks.
  [[nodiscard]] bool is_word(const Token& token, std::string_view word) const noexcept;
  [[nodiscard]] std::string_view text_of(const Token& token) const noexcept {
    return text_.substr(token.begin, token.end - token.begin);
  }
  // The token as it was written, shortened.
  [[nodiscard]] std::string spelling(const Token& token) const;

 private:
  [[nodiscard]] char32_t peek(std::size_t bytes_ahead = 0) const;  // 0 at the end
  char32_t take();
  bool accept(std::string_view symbol) noexcept;
  void skip_blanks();

  bool symbol_of_expression(Token& token);
  void symbol(Token& token);
  void name(Token& token);
  void quoted(Token& token, char32_t quote);
  void character(Token& token);
  char32_t escaped(std::size_t begin);
  char32_t hexadecimal(std::size_t begin);
  void number(Token& token);
  [[nodiscard]] Term integer(const Token& token, std::string_view digits, unsigned base) const;
  void fraction(Token& token, std::string digits);
  std::string digits(unsigned base);
  bool pid(Token& token);
  void opaque(Token& token);
  void identifier(Token& token, Kind kind);
  std::string node_of_identifier(std::size_t begin, const char* form, std::uint32_t& creation);
  std::uint64_t number_of_identifier(std::size_t begin, const char* form);

  std::string_view text_;
  Grammar grammar_;
  std::size_t at_ = 0;
};

}  // namespace heirloom::term
