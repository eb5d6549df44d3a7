// SPDX-License-Identifier: Apache-2.0
//
// From the kinds of words to those of Erlang.
#pragma once

#include <array>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

constexpr TermKind term_kind(Word word) noexcept {
  constexpr std::array<TermKind, 16> kOfReference = {
      TermKind::tuple,     TermKind::list,      TermKind::list,     TermKind::map,  // containers
      TermKind::bitstring, TermKind::bitstring, TermKind::floating, TermKind::integer, TermKind::integer,
      TermKind::pid,       TermKind::reference, TermKind::port,     TermKind::fun,     TermKind::pid,
  };
  switch (tag_of(word)) {
    case Tag::small: return TermKind::integer;
    case Tag::atom: return TermKind::atom;
    case Tag::nil: return TermKind::nil;
    default: return kOfReference[static_cast<std::size_t>(kind_of(word))];
  }
}

}  // namespace heirloom::term
