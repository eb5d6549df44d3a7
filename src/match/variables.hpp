// SPDX-License-Identifier: Apache-2.0
//
// The atoms that have a meaning in a match specification.
#pragma once

#include <cstdint>
#include <string_view>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::matching {

// '$0', '$1' ... without a leading zero.
inline bool is_variable_name(std::string_view text) noexcept {
  if (text.size() < 2 || text[0] != '$' || (text[1] == '0' && text.size() > 2)) return false;
  for (const char digit : text.substr(1)) {
    if (digit < '0' || digit > '9') return false;
  }
  return true;
}

// By number.
inline bool variable_before(std::string_view left, std::string_view right) noexcept {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

inline bool is_variable(TermView term) { return term::is_atom(term.word()) && is_variable_name(term.as_atom().text()); }
inline bool is_atom_named(TermView term, std::string_view text) {
  return term::is_atom(term.word()) && term.as_atom().text() == text;
}
inline bool is_underscore(TermView term) { return is_atom_named(term, "_"); }

}  // namespace heirloom::matching
