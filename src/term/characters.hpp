// SPDX-License-Identifier: Apache-2.0
//
// Texts as Erlang has them: lists of characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "heirloom/term.hpp"

#include "term/utf8.hpp"

namespace heirloom::term {

// Nothing: the text is no UTF-8.
[[nodiscard]] inline std::optional<Term> characters(std::string_view text) {
  std::vector<Term> codes;
  while (!text.empty()) {
    const auto first = utf8_first(text);
    if (!first) return std::nullopt;
    codes.emplace_back(static_cast<std::uint32_t>(first->code));
    text.remove_prefix(first->bytes);
  }
  return list(codes);
}

}  // namespace heirloom::term
