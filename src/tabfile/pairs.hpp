// SPDX-License-Identifier: Apache-2.0
//
// Lists and tuples of pairs, as Erlang searches them.
#pragma once

#include <optional>

#include "heirloom/term.hpp"

namespace heirloom::tabfile {

// lists:keyfind(Key, 1, Elements): the first tuple that begins with it, of whatever size.
[[nodiscard]] inline std::optional<TermView> key_find(const ElementRange& elements, Atom key) {
  for (const TermView element : elements) {
    if (element.is_tuple() && element.size() != 0 && element.element(1) == Term(key)) return element;
  }
  return std::nullopt;
}

[[nodiscard]] inline bool is_pair(TermView term) { return term.is_tuple() && term.size() == 2; }

}  // namespace heirloom::tabfile
