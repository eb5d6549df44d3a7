// SPDX-License-Identifier: Apache-2.0
//
// Draft: a term under construction by a decoder, which learns what a container holds only after the container began. Values
// are added to a stack; closing a container takes its elements from there. What is closed lies in any order in one array;
// finish() brings it into the canonical order of a block.
//
//   draft.add(1); draft.add("x"_atom); draft.close(Kind::tuple, 2);   Term term = draft.finish();   // {1, x}
#pragma once

#include <cstdint>
#include <vector>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

class Draft {
 public:
  // `atoms` says what the ids of its atoms mean, also in what finish() returns (null: those of this program).
  explicit Draft(const AtomSpace* atoms = nullptr) noexcept : atoms_(atoms) {}

  // Any term but a container with elements, for which close() is.
  void add(TermView leaf);

  // Makes a container of the values on top of the stack: for a tuple or list as many as `size`, for an improper list one
  // more, for a map the pairs key, value, key, value ... in any order; of equal keys the last one counts. A list of size 0
  // becomes nil. Returns the size, which for a map may be smaller. Throws Error{system_limit} beyond the size of a block.
  std::uint64_t close(Kind kind, std::uint64_t size);

  // How many words it holds so far.
  [[nodiscard]] std::size_t words() const noexcept { return stack_.size() + store_.size(); }

  // The one value that is left.
  [[nodiscard]] Term finish() const;

 private:
  [[nodiscard]] std::uint64_t store(const Word* words, std::size_t count);
  void push(Kind kind, std::uint64_t size, std::uint64_t offset) {
    stack_.push_back(make_reference(kind, size, offset));
  }
  std::uint64_t sort_pairs(std::uint64_t pairs);

  const AtomSpace* atoms_;
  std::vector<Word> stack_;  // values whose container is open
  std::vector<Word> store_;  // elements of closed containers, and payloads; references count from its beginning
};

}  // namespace heirloom::term
