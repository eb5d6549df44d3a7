// SPDX-License-Identifier: Apache-2.0
#include "term/quoting.hpp"

#include <algorithm>
#include <array>

#include "term/text_characters.hpp"
#include "term/utf8.hpp"

namespace heirloom::term {

namespace {

constexpr std::array<std::string_view, 29> kReservedWords = {
    "after", "and",   "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr", "bxor",
    "case",  "catch", "cond",    "div",    "else",    "end",  "fun", "if",   "let", "maybe",
    "not",   "of",    "or",      "orelse", "receive", "rem",  "try", "when", "xor"};

bool reads_unquoted(std::string_view text) noexcept {
  const auto first = utf8_first(text);
  if (!first || !starts_atom(first->code)) return false;
  for (std::string_view rest = text; !rest.empty();) {
    const auto character = utf8_first(rest);
    if (!character || !continues_name(character->code)) return false;
    rest.remove_prefix(character->bytes);
  }
  return std::find(kReservedWords.begin(), kReservedWords.end(), text) == kReservedWords.end();
}

}  // namespace

bool is_printable(std::uint64_t code) noexcept {
  return (code >= 32 && code <= 126) || (code >= 160 && code <= 0xD7FF) || (code >= 0xE000 && code <= 0xFFFD) ||
         (code >= 0x10000 && code <= 0x10FFFF) || (code >= 8 && code <= 13) || code == 27;
}

void append_character(std::string& out, char32_t code, char quote) {
  if (code == static_cast<unsigned char>(quote) || code == '\\') {
    out += '\\';
    out += static_cast<char>(code);
  } else if (const char letter = escape_letter_of(code); letter != 0) {
    out += '\\';
    out += letter;
  } else if (code < 32 || (code >= 127 && code < 160)) {
    out += '\\';
    for (const unsigned shift : {6U, 3U, 0U}) out += static_cast<char>('0' + ((code >> shift) & 7));
  } else {
    utf8_append(out, code);
  }
}

void append_atom(std::string& out, std::string_view text) {
  if (reads_unquoted(text)) {
    out += text;
    return;
  }
  out += '\'';
  for (std::string_view rest = text; !rest.empty();) {
    const auto character = utf8_first(rest);
    if (!character) break;
    append_character(out, character->code, '\'');
    rest.remove_prefix(character->bytes);
  }
  out += '\'';
}

}  // namespace heirloom::term
