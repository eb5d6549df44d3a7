// SPDX-License-Identifier: Apache-2.0
//
// A million levels of nesting: nothing in this layer may need C++ stack for them. What it catches is a crash.
#include <string>

#include <gtest/gtest.h>

#include "heirloom/external.hpp"

#include "term/block.hpp"
#include "term/compare.hpp"
#include "term/depth_fixture.hpp"
#include "term/draft.hpp"
#include "term/hash.hpp"
#include "term/hex_fixture.hpp"
#include "term/serial.hpp"
#include "term/validate.hpp"

namespace heirloom::term {
namespace {

// What stands before and behind each level of a term: the nested one is last, first, in a key, or in a value.
struct Level {
  const char* before;
  const char* behind;
};

std::string nested(Level level) {
  std::string text;
  for (std::size_t i = 0; i < kLevels; ++i) text += level.before;
  text += "[]";
  for (std::size_t i = 0; i < kLevels; ++i) text += level.behind;
  return text;
}

class Depth : public testing::TestWithParam<Level> {};

TEST_P(Depth, OfAMillionLevelsIsParsedPrintedComparedHashedCopiedAndSent) {
  const std::string text = nested(GetParam());
  const Term term = parse(text);
  EXPECT_EQ(to_string(term).size(), text.size());
  const Term copy(term.view());
  EXPECT_TRUE(copy == term);
  EXPECT_EQ(compare(copy, term), std::weak_ordering::equivalent);
  EXPECT_EQ(hash(copy, 1), hash(term, 1));
  EXPECT_TRUE(validate_block(term.block(), 0, nullptr).ok());
  const auto received = deserialize(serialize(term));
  ASSERT_TRUE(received.ok());
  EXPECT_TRUE(*received == term);
  EXPECT_TRUE(from_external(to_external(term)) == term);
  const Term wrapped{term, 1, term};
  EXPECT_TRUE(wrapped.element(3) == term);
}

INSTANTIATE_TEST_SUITE_P(EveryPlace, Depth,
                         testing::Values(Level{"[1,", "]"}, Level{"[", ",1]"}, Level{"{[", "|1]}"},
                                         Level{"#{1 => 2,", " => 3}"}, Level{"#{1 => ", ",2 => 3}"}));

TEST(Depth, OfAMillionFunsIsReadAndWritten) {
  std::string level = from_hex(
      "70 00000000 02 0102030405060708090a0b0c0d0e0f10 00000007 00000001 77016d 6107 6107 "
      "58 7703614062 00000005 00000006 00000001");
  std::string bytes("\x83");
  for (std::size_t i = kLevels; i > 0; --i) {
    const std::uint64_t length = i * (level.size() - 1) + i - 1 + 1;
    for (std::size_t at = 0; at < 4; ++at) level[1 + at] = static_cast<char>(length >> (24 - 8 * at));
    bytes += level;
  }
  bytes += 'j';
  const Term funs = from_external(bytes);
  EXPECT_TRUE(to_external(funs) == bytes);
  EXPECT_EQ(compare(funs, Term(funs.view())), std::weak_ordering::equivalent);
  EXPECT_EQ(hash(funs, 1), hash(Term(funs.view()), 1));
  EXPECT_EQ(to_string(funs), "#Fun<m.7.7>");
}

TEST(Depth, OfAMillionTailsIsOneList) {
  std::string text;
  for (std::size_t i = 0; i < kLevels; ++i) text += "[1|";
  text += "[]" + std::string(kLevels, ']');
  EXPECT_EQ(parse(text).size(), kLevels);
}

TEST(Depth, OfAMillionOpenBracketsIsRefused) { EXPECT_THROW(parse(std::string(kLevels, '[')), Error); }

}  // namespace
}  // namespace heirloom::term
