// SPDX-License-Identifier: Apache-2.0
//
// A million levels of nesting: nothing in this layer may need C++ stack for them. What it catches is a crash.
#include <string>

#include <gtest/gtest.h>

#include "term/block.hpp"
#include "term/compare.hpp"
#include "term/draft.hpp"
#include "term/hash.hpp"
#include "term/serial.hpp"
#include "term/validate.hpp"

namespace heirloom::term {
namespace {

constexpr std::size_t kLevels = 1000000;

// "[1,[1,[1, ... []]]]", with the nested list last or first.
std::string nested(bool last) {
  std::string text;
  for (std::size_t i = 0; i < kLevels; ++i) text += last ? "[1,[" : "[[";
  for (std::size_t i = 0; i < kLevels; ++i) text += last ? "]]" : "],1]";
  return text;
}

class Depth : public testing::TestWithParam<bool> {};

TEST_P(Depth, OfAMillionLevelsIsParsedPrintedComparedHashedAndCopied) {
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
  const Term wrapped{term, 1, term};
  EXPECT_TRUE(wrapped.element(3) == term);
}

INSTANTIATE_TEST_SUITE_P(LastAndFirst, Depth, testing::Bool());

TEST(Depth, OfAMillionTailsIsOneList) {
  std::string text;
  for (std::size_t i = 0; i < kLevels; ++i) text += "[1|";
  text += "[]" + std::string(kLevels, ']');
  EXPECT_EQ(parse(text).size(), kLevels);
}

TEST(Depth, OfAMillionOpenBracketsIsRefused) { EXPECT_THROW(parse(std::string(kLevels, '[')), Error); }

}  // namespace
}  // namespace heirloom::term
