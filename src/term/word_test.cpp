// SPDX-License-Identifier: Apache-2.0
//
// The shape of words and blocks, as word.hpp draws them: other layers and other programs rely on these bits.
#include "term/word.hpp"

#include <gtest/gtest.h>

#include "heirloom/term.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

TEST(Word, IsNeverAllZeros) {
  EXPECT_NE(make_small(0), 0U);
  EXPECT_NE(make_atom(0), 0U);
  EXPECT_NE(kNil, 0U);
  EXPECT_NE(make_reference(Kind::tuple, 0, 0), 0U);
}

TEST(Word, TakesApartWhatItWasMadeOf) {
  const Word word = make_reference(Kind::binary, 12345, 678);
  EXPECT_TRUE(is_payload(word));
  EXPECT_EQ(kind_of(word), Kind::binary);
  EXPECT_EQ(size_field(word), 12345U);
  EXPECT_EQ(offset_field(word), 678U);
  EXPECT_EQ(offset_field(with_offset(word, kFieldMask)), kFieldMask);
  EXPECT_EQ(size_field(with_offset(word, kFieldMask)), 12345U);
  EXPECT_EQ(atom_id(make_atom(0xFFFFFFFF)), 0xFFFFFFFFU);
  EXPECT_EQ(small_value(make_small(-1)), -1);
}

TEST(Word, LaysOutTheExampleOfItsHeader) {
  const Term term{7, Term{"a"_atom}, "hello world"};
  const auto block = term.block();
  ASSERT_EQ(block.size(), 7U);
  EXPECT_EQ(block[0], make_reference(Kind::tuple, 3, 1));
  EXPECT_EQ(block[1], make_small(7));
  EXPECT_EQ(block[2], make_reference(Kind::tuple, 1, 4));
  EXPECT_EQ(block[3], make_reference(Kind::binary, 11, 5));
  EXPECT_EQ(block[4], make_atom("a"_atom.id()));
  EXPECT_EQ(block[5], 0x6F77206F6C6C6568U);
  EXPECT_EQ(block[6], 0x0000000000646C72U);
}

TEST(Word, StoresTwoIntegersAnd32BytesInEightWords) {
  EXPECT_EQ((Term{1, 2, std::string(32, 'x')}).block().size(), 8U);
}

TEST(Word, StoresEmptyContainersAndBinariesInOneWord) {
  EXPECT_EQ(tuple({}).block()[0], make_reference(Kind::tuple, 0, 0));
  EXPECT_EQ(map({}).block()[0], make_reference(Kind::map, 0, 0));
  EXPECT_EQ(Term("").block()[0], make_reference(Kind::binary, 0, 0));
  EXPECT_EQ(list({}).block()[0], kNil);
}

TEST(Word, ReadsARootWhoseOffsetTheTableUsesForItself) {
  Term term{1, "x"};
  Word* block = term.writable_block().data();
  block[0] = with_offset(block[0], 0xABCDEF);
  EXPECT_EQ(offset_field(root_of(block)), 1U);
  EXPECT_EQ(TermView::of_block(block), (Term{1, "x"}));
  EXPECT_EQ(Term::from_block(term.block()), (Term{1, "x"}));
}

// A bitstring gets there with 32 MiB, where a binary takes 256.
TEST(Word, EscapesASizeThatDoesNotFitItsField) {
  const std::string bytes(kSizeEscape / 8 + 1, 'x');
  const Term term = bitstring(bytes, kSizeEscape);
  EXPECT_EQ(size_field(term.block()[0]), kSizeEscape);
  EXPECT_EQ(term.block()[1], kSizeEscape);
  EXPECT_EQ(term.bit_size(), kSizeEscape);
  const Term tuple{1, term};
  EXPECT_EQ(tuple.element(2), term);
  EXPECT_EQ(compare(tuple.element(2), bitstring(bytes, kSizeEscape - 1)), std::weak_ordering::greater);
}

}  // namespace
}  // namespace heirloom::term
