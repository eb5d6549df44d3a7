// SPDX-License-Identifier: Apache-2.0
//
// Building a term out of terms that lie elsewhere: each level of the new block is the levels of its parts, one after the
// other, so that words are copied once and in order.
#pragma once

#include <cstdint>
#include <span>

#include "heirloom/term.hpp"

#include "term/run.hpp"

namespace heirloom::term {

// Elements that lie side by side in one block, and what their atoms mean there.
struct Part {
  Run run;
  const AtomSpace* atoms;

  // The view and the term must outlive the part.
  static Part of(const TermView& view, const Word& word) noexcept { return {Run::of(view, word), view.atoms()}; }
  static Part of(const Term& term) noexcept {
    const Word* block = term.block().data();
    return {{block, block, block + 1}, nullptr};
  }
};

// The container whose elements are those of all parts. Requires the parts to have as many elements as `size` of this kind
// implies and, for a map, their keys in order. Throws Error{system_limit} beyond the size of a block.
[[nodiscard]] Term assemble(Kind kind, std::uint64_t size, std::span<const Part> parts);

// The tuple with the element at `position`, from 1, replaced: erlang:setelement/3.
[[nodiscard]] Term with_element(TermView tuple, std::size_t position, TermView value);

}  // namespace heirloom::term
