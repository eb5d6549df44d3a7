// SPDX-License-Identifier: Apache-2.0
//
// The text of a stranger: large numbers, deep terms, floods of atoms. The answer comes at once, in memory that the limits bound,
// and leaves no atoms.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "heirloom/term.hpp"

#include "term/atom_table.hpp"
#include "term/depth_fixture.hpp"
#include "term/integer.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

Error error_of(std::string_view text, const InputLimits& limits = {}) {
  try {
    const Term term = parse(text, limits);
    return {ErrorCode{}, "", "accepted " + std::to_string(term.block().size()) + " words"};
  } catch (const Error& error) {
    return error;
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ParseLimits, EveryTruncatedTextIsRefusedOrAnotherTerm) {
  const std::string text =
      "{a, 'b c', <<\"some\"/utf8, 1:3>>, #{b => -1.5e3, \"k\" => []}, [c|d], $\\x41, 16#ff, "
      "<a@b/1.2.3>, #Ref<0.1.2.3>, fun a:b/1}";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(error_of(text.substr(0, length)).code(), ErrorCode::syntax) << text.substr(0, length);
  }
  EXPECT_EQ(parse(text).size(), 10U);
}

TEST(ParseLimits, AMillionLevelsThatNeverEndAreRefused) {
  for (const char* opening : {"{", "[", "#{a=>", "[a|", "#{", "{[", "<<"}) {
    EXPECT_EQ(error_of(repeated(opening, kLevels)).code(), ErrorCode::syntax) << opening;
  }
}

TEST(ParseLimits, ATermThatTakesMoreThanItMayIsRefused) {
  const std::string text = '[' + repeated("a,", 10000) + "a]";
  EXPECT_EQ(error_of(text, {.memory_bytes_max = 100000}).detail(), "accepted 10002 words");
  EXPECT_EQ(error_of(text, {.memory_bytes_max = 50000}).code(), ErrorCode::system_limit);
  EXPECT_EQ(error_of(repeated("[", 10000), {.memory_bytes_max = 100000}).code(), ErrorCode::system_limit);
  EXPECT_EQ(error_of('"' + std::string(100000, 'x') + '"', {.memory_bytes_max = 100000}).detail(),
            "accepted 100001 words");
}

TEST(ParseLimits, ShortSegmentsOfManyBitsAreRefusedBeforeTheyFillTheMemory) {
  const Error error = error_of("<<" + repeated("0:65535,", 100000) + "0>>");
  EXPECT_EQ(error.code(), ErrorCode::system_limit);
  EXPECT_NE(error.detail().find("the term takes more than 268435456 bytes"), std::string::npos) << error.detail();
}

TEST(ParseLimits, MoreNewAtomsThanAllowedAreRefusedAndNoneIsMade) {
  std::string text = "[";
  for (int i = 0; i < 70000; ++i) text += "text_flood_" + std::to_string(i) + ',';
  const Error error = error_of(text + "end_of_flood]");
  EXPECT_EQ(error.code(), ErrorCode::system_limit);
  EXPECT_NE(error.detail().find("the text has more than 65536 atoms that this program does not know"),
            std::string::npos);
  EXPECT_FALSE(AtomTable::instance().find("text_flood_0"));
  EXPECT_EQ(error_of("[text_new", {}).code(), ErrorCode::syntax);
  EXPECT_FALSE(AtomTable::instance().find("text_new"));
  EXPECT_EQ(parse("#{text_k2 => 1, text_k1 => 2, text_k2 => 3}", {.new_atoms_max = 2}),
            map({{"text_k1"_atom, 2}, {"text_k2"_atom, 3}}));
  EXPECT_EQ(error_of("text_unknown", {.new_atoms_max = 0}).detail(),
            "line 1, column 1: the text has more than 0 atoms that this program does not know");
}

TEST(ParseLimits, IntegersBeyondTheLargestAreRefused) {
  const std::string largest(kLimbsMax * 16, 'f');
  EXPECT_EQ(error_of("16#" + largest).detail(), "accepted 65537 words");
  EXPECT_EQ(error_of("16#1" + largest).detail(), "line 1, column 1: no integer: it has more than 4194304 bits");
  EXPECT_EQ(error_of("16#1" + largest).code(), ErrorCode::system_limit);
  EXPECT_EQ(error_of(std::string(1262611, '9')).detail(), "accepted 65537 words");
  EXPECT_EQ(error_of(std::string(1262612, '9')).code(), ErrorCode::system_limit);
  EXPECT_EQ(error_of(std::string(100000000, '9')).code(), ErrorCode::system_limit);
  EXPECT_EQ(parse(std::string(10000000, '0') + "7"), Term(7));
}

// Each digit of a base that is a power of `base` as digits of that one.
std::string in_smaller_base(std::string_view digits, int base, int digits_each) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string text;
  for (const char digit : digits) {
    auto value = static_cast<int>(kDigits.find(digit));
    std::string part;
    for (int i = 0; i < digits_each; ++i, value /= base)
      part.insert(0, 1, kDigits[static_cast<std::size_t>(value % base)]);
    text += part;
  }
  return text;
}

TEST(ParseLimits, IntegersOfAnyLengthAndBaseAreTheSameNumber) {
  struct Pair {
    int base;
    int smaller;
    int digits_each;
  };
  std::mt19937 random(1);
  for (const Pair pair :
       {Pair{36, 6, 2}, Pair{9, 3, 2}, Pair{25, 5, 2}, Pair{27, 3, 3}, Pair{32, 2, 5}, Pair{16, 4, 2}, Pair{8, 2, 3}}) {
    for (const std::size_t length : {1U, 12U, 13U, 64U, 511U, 512U, 1023U, 1024U, 1025U, 2048U, 2049U, 5000U}) {
      std::string digits;
      for (std::size_t i = 0; i < length; ++i) {
        digits += "0123456789abcdefghijklmnopqrstuvwxyz"[random() % static_cast<unsigned>(pair.base)];
      }
      const Term number = parse(std::to_string(pair.base) + '#' + digits);
      const Term same =
          parse(std::to_string(pair.smaller) + '#' + in_smaller_base(digits, pair.smaller, pair.digits_each));
      ASSERT_EQ(number, same) << pair.base << '#' << digits;
      ASSERT_EQ(parse(to_string(number)), number) << pair.base << '#' << digits;
    }
  }
}

}  // namespace
}  // namespace heirloom::term
