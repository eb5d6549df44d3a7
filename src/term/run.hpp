// SPDX-License-Identifier: Apache-2.0
//
// Run: term words of one block that lie side by side, and from which all that they contain can be reached level by level.
// Since a block lies in breadth-first order (word.hpp), the elements of all containers of a run are one run again. So
// whatever needs no particular order - measuring, copying, hashing, testing for equality - goes through a term of any
// depth with a loop and no stack.
#pragma once

#include <cstdint>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

struct Run {
  const Word* base;
  const Word* begin;
  const Word* end;

  // The view's own word; the view must outlive the run.
  static Run of(const TermView& view, const Word& word) noexcept { return {view.base(), &word, &word + 1}; }

  [[nodiscard]] bool empty() const noexcept { return begin == end; }
};

// Collects where the elements of a run's containers lie, while the run is read.
class NextRun {
 public:
  explicit NextRun(const Word* base) noexcept : base_(base) {}

  // Requires a reference to a container.
  void add(Word container) noexcept {
    if (begin_ == nullptr && size_field(container) != 0) begin_ = elements_of(base_, container);
    words_ += element_words(container);
  }
  [[nodiscard]] Run run() const noexcept { return {base_, begin_, begin_ + words_}; }

 private:
  const Word* base_;
  const Word* begin_ = nullptr;
  std::uint64_t words_ = 0;
};

}  // namespace heirloom::term
