// SPDX-License-Identifier: Apache-2.0
//
// The tokens that begin with a digit.
#include <charconv>

#include "term/float_text.hpp"
#include "term/integer_text.hpp"
#include "term/lexer.hpp"
#include "term/text_characters.hpp"

namespace heirloom::term {

// Digits below `base`, with single underscores between them.
std::string Lexer::digits(unsigned base) {
  std::string found;
  while (true) {
    if (digit_value(peek()) < base) {
      found += static_cast<char>(take());
    } else if (!found.empty() && peek() == '_' && digit_value(peek(1)) < base) {
      take();
    } else {
      return found;
    }
  }
}

void Lexer::number(Token& token) {
  token.kind = TokenKind::integer;
  const std::string whole = digits(10);
  if (peek() == '#') {
    unsigned base = 0;
    const auto end = whole.data() + whole.size();
    if (std::from_chars(whole.data(), end, base).ptr != end || base < 2 || base > 36) {
      refuse(token.begin, "the base of a number is 2 to 36");
    }
    take();
    const std::string found = digits(base);
    if (found.empty()) refuse(at_, "a digit of base " + std::to_string(base) + " is missing");
    token.value = integer(token, found, base);
  } else if (peek() == '.' && is_digit(peek(1))) {
    fraction(token, whole);
  } else {
    token.value = integer(token, whole, 10);
  }
  if (continues_name(peek())) refuse(at_, "a number ends where a name or a digit follows it");
}

Term Lexer::integer(const Token& token, std::string_view digits, unsigned base) const {
  try {
    return integer_of_digits(digits, base);
  } catch (const Error& error) {
    refuse(token.begin, "no integer: " + error.detail(), error.code());
  }
}

void Lexer::fraction(Token& token, std::string text) {
  token.kind = TokenKind::floating;
  take();
  text += '.' + digits(10);
  if (peek() == 'e' || peek() == 'E') {
    take();
    text += 'e';
    if (peek() == '-' || peek() == '+') text += take() == '-' ? "-" : "";
    const std::string exponent = digits(10);
    if (exponent.empty()) refuse(at_, "the digits of the exponent are missing");
    text += exponent;
  }
  const auto number = float_of_text(text);
  if (!number) refuse(token.begin, "this float is beyond the largest one, 1.797e308");
  token.value = Term(*number);
}

}  // namespace heirloom::term
