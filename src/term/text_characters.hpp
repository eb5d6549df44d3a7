// SPDX-License-Identifier: Apache-2.0
//
// What characters mean in Erlang's syntax; the printer and the parser share it.
#pragma once

namespace heirloom::term {

// Names are made of letters of Latin-1, digits, _ and @, in Erlang up to today's releases.
constexpr bool is_lower(char32_t code) noexcept {
  return (code >= 'a' && code <= 'z') || (code >= 0xDF && code <= 0xFF && code != 0xF7);
}
constexpr bool is_upper(char32_t code) noexcept {
  return (code >= 'A' && code <= 'Z') || (code >= 0xC0 && code <= 0xDE && code != 0xD7);
}
constexpr bool is_digit(char32_t code) noexcept { return code >= '0' && code <= '9'; }
constexpr bool starts_atom(char32_t code) noexcept { return is_lower(code); }
constexpr bool starts_variable(char32_t code) noexcept { return is_upper(code) || code == '_'; }
constexpr bool continues_name(char32_t code) noexcept {
  return is_lower(code) || is_upper(code) || is_digit(code) || code == '_' || code == '@';
}
constexpr bool is_blank(char32_t code) noexcept { return code <= ' ' || (code >= 0x80 && code <= 0xA0); }

// The value of a digit in a base up to 36, or 36.
constexpr unsigned digit_value(char32_t code) noexcept {
  if (is_digit(code)) return static_cast<unsigned>(code - '0');
  if (code >= 'a' && code <= 'z') return static_cast<unsigned>(code - 'a') + 10;
  if (code >= 'A' && code <= 'Z') return static_cast<unsigned>(code - 'A') + 10;
  return 36;
}

// The letter that follows the backslash for a control character, or 0.
constexpr char escape_letter_of(char32_t code) noexcept {
  switch (code) {
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\v': return 'v';
    case '\f': return 'f';
    case '\r': return 'r';
    case 27: return 'e';
    case 127: return 'd';
    default: return 0;
  }
}

// The character that a letter behind a backslash stands for, or 0. `\s` is a space, which is not written so.
constexpr char32_t escaped_by(char32_t letter) noexcept {
  switch (letter) {
    case 'b': return '\b';
    case 't': return '\t';
    case 'n': return '\n';
    case 'v': return '\v';
    case 'f': return '\f';
    case 'r': return '\r';
    case 'e': return 27;
    case 'd': return 127;
    case 's': return ' ';
    default: return 0;
  }
}

}  // namespace heirloom::term
