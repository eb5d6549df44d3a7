// SPDX-License-Identifier: Apache-2.0
#include "term/block.hpp"

namespace heirloom::term {

bool contains_atoms(const Word* block) noexcept {
  for (std::uint64_t index = 0, end = 1; index < end; ++index) {
    if (is_atom(block[index])) return true;
    if (is_container(block[index])) end += element_words(block[index]);
  }
  return false;
}

Extent extent_of(Run run) noexcept {
  Extent extent;
  while (!run.empty()) {
    extent.term_words += static_cast<std::size_t>(run.end - run.begin);
    NextRun next(run.base);
    for (const Word* word = run.begin; word != run.end; ++word) {
      if (is_container(*word)) {
        next.add(*word);
      } else if (is_reference(*word) && size_field(*word) != 0) {
        extent.payload_words += payload_words(run.base, *word);
      }
    }
    run = next.run();
  }
  return extent;
}

std::size_t block_words(TermView view) noexcept {
  const Word root = view.word();
  return extent_of(Run::of(view, root)).total();
}

}  // namespace heirloom::term
