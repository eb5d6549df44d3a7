// SPDX-License-Identifier: Apache-2.0
//
// Whole blocks: their length, their atoms, copies. All of it is linear and needs no stack: a walk reads the term words of a
// block one after another and knows from the sizes that it met where they end (word.hpp, invariant 2).
//
//   std::memcpy(to, object, words * 8);                                    // into another segment or a Term:
//   if (contains_atoms(to)) translate_atoms(to, [&](uint32_t id) { return ids.at(id); });
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "heirloom/term.hpp"

#include "term/run.hpp"
#include "term/word.hpp"

namespace heirloom::term {

// Calls visit(word) for each term word of a block, in order, root first. `visit` may change the word's atom, or the offset
// of a root that is a tuple, and nothing else.
template <typename WordOfBlock, typename Visit>
void for_each_word(WordOfBlock* block, Visit visit) {
  for (std::uint64_t index = 0, end = 1; index < end; ++index) {
    if (is_container(block[index])) end += element_words(block[index]);
    visit(block[index]);
  }
}

// Calls visit(id) for each atom of a block, as often as it occurs.
template <typename Visit>
void for_each_atom(const Word* block, Visit visit) {
  for_each_word(block, [&](const Word& word) {
    if (is_atom(word)) visit(atom_id(word));
  });
}

// Replaces the id of each atom of a block by map(id).
template <typename Map>
void translate_atoms(Word* block, Map map) {
  for_each_word(block, [&](Word& word) {
    if (is_atom(word)) word = make_atom(map(atom_id(word)));
  });
}

[[nodiscard]] bool contains_atoms(const Word* block) noexcept;

// The length of a term once it is a block of its own.
struct Extent {
  std::size_t term_words = 0;
  std::size_t payload_words = 0;
  [[nodiscard]] std::size_t total() const noexcept { return term_words + payload_words; }
};

// What lies in and below the words of a run; the words of the run are counted.
[[nodiscard]] Extent extent_of(Run run) noexcept;

[[nodiscard]] std::size_t block_words(TermView view) noexcept;

// Writes a block in canonical order: first reserve(), then put() runs, level by level.
class BlockWriter {
 public:
  // A block of `extent` words at `to`, of which the first `written` term words are there already, and whose next elements
  // will lie at `elements`.
  BlockWriter(Word* to, Extent extent, std::size_t written, std::size_t elements) noexcept
      : to_(to), written_(written), elements_(elements), payload_(extent.term_words) {}

  // Appends the words of a run and returns the run of their elements. `map` translates ids of atoms.
  template <typename Map>
  Run put(Run run, Map& map) {
    NextRun next(run.base);
    for (const Word* from = run.begin; from != run.end; ++from) to_[written_++] = placed(run.base, *from, next, map);
    return next.run();
  }

 private:
  template <typename Map>
  Word placed(const Word* base, Word word, NextRun& next, Map& map) {
    if (is_atom(word)) return make_atom(map(atom_id(word)));
    if (!is_reference(word) || size_field(word) == 0) return word;
    if (is_container(word)) {
      next.add(word);
      const Word moved = with_offset(word, elements_);
      elements_ += element_words(word);
      return moved;
    }
    const std::uint64_t words = payload_words(base, word);
    std::memcpy(to_ + payload_, base + offset_field(word), words * sizeof(Word));
    const Word moved = with_offset(word, payload_);
    payload_ += words;
    return moved;
  }

  Word* to_;
  std::size_t written_;   // where the next word goes,
  std::size_t elements_;  // the elements of the next container,
  std::size_t payload_;   // and the next payload
};

// Writes a term as a block of its own to the block_words(view) words at `to`; `map` gives the id that each atom gets there.
template <typename Map>
void copy_block(Word* to, TermView view, Map map) {
  const Word root = view.word();
  Run run = Run::of(view, root);
  BlockWriter writer(to, extent_of(run), 0, 1);
  while (!run.empty()) run = writer.put(run, map);
}

}  // namespace heirloom::term
