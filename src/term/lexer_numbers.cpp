// SPDX-License-Identifier: Apache-2.0
//
// The tokens that begin with a digit, or that are made of numbers.
#include <charconv>
#include <cmath>
#include <vector>

#include "term/integer_text.hpp"
#include "term/lexer.hpp"
#include "term/payload.hpp"
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
    token.value = integer_of_digits(found, base);
  } else if (peek() == '.' && is_digit(peek(1))) {
    fraction(token, whole);
  } else {
    token.value = integer_of_digits(whole, 10);
  }
  if (continues_name(peek())) refuse(at_, "a number ends where a name or a digit follows it");
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
  double number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  // Too small a number is 0, as in C and Erlang; from_chars calls both ends out of range.
  const bool tiny = result.ec == std::errc::result_out_of_range && std::strtod(text.c_str(), nullptr) < 1;
  if (result.ec != std::errc() && !tiny) refuse(token.begin, "this float is beyond the largest one, 1.797e308");
  token.value = Term(tiny ? 0.0 : number);
}

std::uint64_t Lexer::number_of_opaque(std::size_t begin) {
  const std::size_t from = at_;
  while (at_ < text_.size() && is_digit(static_cast<unsigned char>(text_[at_]))) ++at_;
  std::uint64_t number = 0;
  const auto result = std::from_chars(text_.data() + from, text_.data() + at_, number);
  if (from == at_ || result.ec != std::errc())
    refuse(begin, "it is written as numbers of 64 bits, with dots between them");
  return number;
}

bool Lexer::pid(Token& token) {
  const std::string_view rest = text_.substr(at_);
  if (rest.size() < 2 || rest[0] != '<' || !is_digit(static_cast<unsigned char>(rest[1]))) return false;
  token.kind = TokenKind::opaque;
  ++at_;
  const std::uint64_t node = number_of_opaque(token.begin);
  constexpr const char* kForm = "a pid is written <0.PROGRAM.INDEX>, its numbers below 2^31 and 2^32";
  if (node != 0 || !accept(".")) refuse(token.begin, kForm);
  const std::uint64_t program = number_of_opaque(token.begin);
  if (!accept(".")) refuse(token.begin, kForm);
  const std::uint64_t index = number_of_opaque(token.begin);
  if (!accept(">") || program > 0x7FFFFFFF || index > 0xFFFFFFFF) refuse(token.begin, kForm);
  token.value = Term(Pid{static_cast<std::uint32_t>(program), static_cast<std::uint32_t>(index)});
  return true;
}

void Lexer::opaque(Token& token) {
  Kind kind = Kind::reference;
  if (accept("#Port<")) {
    kind = Kind::port;
  } else if (accept("#Fun<")) {
    kind = Kind::fun;
  } else if (!accept("#Ref<")) {
    refuse(token.begin, "behind '#' comes the '{' of a map, or Ref<, Port< or Fun<");
  }
  token.kind = TokenKind::opaque;
  std::vector<Word> words;
  do {
    words.push_back(number_of_opaque(token.begin));
  } while (accept("."));
  if (!accept(">")) refuse(at_, "'>' is missing");
  token.value = make_opaque(kind, words);
}

}  // namespace heirloom::term
