// SPDX-License-Identifier: Apache-2.0
//
// Blocks are measured, walked and copied as a whole; the layout that the walk relies on is proved by validate_block().
#include "term/block.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "heirloom/external.hpp"

#include "term/assemble.hpp"
#include "term/other_space.hpp"
#include "term/random_term.hpp"
#include "term/validate.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

constexpr std::uint32_t kAnyAtom = Atom::kAtomsMax;

TEST(Block, KnowsWhetherItContainsAtoms) {
  EXPECT_FALSE(contains_atoms(Term(1).block().data()));
  EXPECT_TRUE(contains_atoms(Term("a"_atom).block().data()));
  EXPECT_FALSE(contains_atoms(Term{1, list({Term{"a", 2}})}.block().data()));
  EXPECT_TRUE(contains_atoms(Term{1, list({Term{"a", "a"_atom}})}.block().data()));
  // Bytes that look like the word of an atom are none.
  EXPECT_FALSE(contains_atoms(Term{std::string("\x02\0\0\0\0\0\0\0", 8)}.block().data()));
}

TEST(Block, WalksItsAtomsInOrder) {
  std::vector<std::string_view> texts;
  for_each_atom(Term{"a"_atom, Term{"c"_atom, "bytes"}, "b"_atom, map({{"d"_atom, "e"_atom}})}.block().data(),
                [&](std::uint32_t id) { texts.push_back(Atom::from_id(id).text()); });
  EXPECT_EQ(texts, (std::vector<std::string_view>{"a", "b", "c", "d", "e"}));
}

TEST(Block, ReplacesAnElementOfATuple) {
  const Term tuple{"a"_atom, "long enough to need words", list({1, 2})};
  EXPECT_EQ(with_element(tuple, 1, Term{7, "x"}), (Term{Term{7, "x"}, tuple[1], tuple[2]}));
  EXPECT_EQ(with_element(tuple, 2, Term(3)), (Term{"a"_atom, 3, list({1, 2})}));
  EXPECT_EQ(with_element(tuple, 3, tuple), (Term{"a"_atom, tuple[1], tuple}));
  EXPECT_THROW((void)with_element(tuple, 0, Term()), Error);
  EXPECT_THROW((void)with_element(tuple, 4, Term()), Error);
  EXPECT_THROW((void)with_element(list({1}), 1, Term()), Error);
}

RC_GTEST_PROP(Block, OfAnyTermIsCanonical, (const Term& term)) {
  const auto status = validate_block(term.block(), kAnyAtom, nullptr);
  RC_ASSERT(status.ok());
  RC_ASSERT(block_words(term) == term.block().size());
}

RC_GTEST_PROP(Block, IsTheSameHoweverTheTermWasBuilt, (const Term& term)) {
  if (has_text(term)) {
    const Term parsed = parse(to_string(term));
    RC_ASSERT(std::equal(term.block().begin(), term.block().end(), parsed.block().begin(), parsed.block().end()));
  }
  const Term received = from_external(to_external(term));
  RC_ASSERT(std::equal(term.block().begin(), term.block().end(), received.block().begin(), received.block().end()));
  const Term copied(term.view());
  RC_ASSERT(std::equal(term.block().begin(), term.block().end(), copied.block().begin(), copied.block().end()));
}

RC_GTEST_PROP(Block, OfAnElementIsThatOfTheTermAlone, (const Term& before, const Term& term, const Term& behind)) {
  const Term whole{before, term, behind};
  const Term part(whole.element(2));
  RC_ASSERT(std::equal(term.block().begin(), term.block().end(), part.block().begin(), part.block().end()));
}

RC_GTEST_PROP(Block, InASpaceOfItsOwnReadsAsTheSameTerm, (const Term& term)) {
  OtherSpace space;
  const auto block = space.block_of(term);
  const auto view = TermView::of_block(block.data(), &space);
  RC_ASSERT(view == term);
  RC_ASSERT(term == view);
  RC_ASSERT((compare(view, term) == 0));
  RC_ASSERT(to_string(view) == to_string(term));
  RC_ASSERT(Term(view) == term);
  RC_ASSERT(validate_block(block, space.count(), &space, RootOffset::of_an_owner).ok());
}

}  // namespace
}  // namespace heirloom::term
