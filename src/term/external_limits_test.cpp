// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a stranger: whatever they claim, the answer comes at once, in memory that the limits bound, and leaves no atoms.
#include <string>

#include <gtest/gtest.h>

#include "heirloom/external.hpp"

#include "term/atom_table.hpp"
#include "term/compression.hpp"
#include "term/depth_fixture.hpp"
#include "term/hex_fixture.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

Error error_of(std::string_view bytes, const InputLimits& limits = {}) {
  try {
    const Term term = from_external(bytes, limits);
    return {ErrorCode{}, "", "accepted " + std::to_string(term.block().size()) + " words"};
  } catch (const Error& error) {
    return error;
  }
}

std::string error_of_hex(std::string_view hex) { return error_of(from_hex(hex)).detail(); }

std::string repeated(std::string_view hex, std::size_t times) {
  const std::string bytes = from_hex(hex);
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += bytes;
  return out;
}

TEST(ExternalLimits, EveryTruncatedTermIsRefused) {
  const Term term = parse(
      "{a, 'long atom', <<\"some bytes\">>, <<1:3>>, #{b => 1.5, c => []}, [c|d], \"text\", 1000, "
      "18446744073709551616, <a@b/1.2.3>, #Ref<a@b/1.2.3>, #Port<a@b/1.18446744073709551615>, "
      "fun a:b/1, [x,y]}");
  const std::string bytes = to_external(term);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const Error error = error_of(bytes.substr(0, length));
    EXPECT_EQ(error.code(), ErrorCode::syntax) << length << ": " << error.detail();
  }
  EXPECT_EQ(from_external(bytes), term);
}

TEST(ExternalLimits, LengthsThatTheBytesDoNotBearOutAreRefused) {
  EXPECT_EQ(error_of_hex("8369ffffffff6101"), "byte 1: the tuple claims 4294967295 elements, and 2 bytes are left");
  EXPECT_EQ(error_of_hex("836cffffffff6101"), "byte 1: the list claims 4294967295 elements, and 2 bytes are left");
  EXPECT_EQ(error_of_hex("836c000000026101"), "byte 1: the list claims 2 elements, and 2 bytes are left");
  EXPECT_EQ(error_of_hex("8374ffffffff6101"), "byte 1: the map claims 4294967295 elements, and 2 bytes are left");
  EXPECT_EQ(error_of_hex("836dffffffff6101"), "byte 6: a binary takes 4294967295 bytes, and 2 are left");
  EXPECT_EQ(error_of_hex("834dffffffff0301"), "byte 7: a binary takes 4294967295 bytes, and 1 is left");
  EXPECT_EQ(error_of_hex("836fffffffff0001"), "byte 7: an integer takes 4294967295 bytes, and 1 is left");
  EXPECT_EQ(error_of_hex("836bffff01"), "byte 4: a string takes 65535 bytes, and 1 is left");
  EXPECT_EQ(error_of_hex("837705616c69"), "byte 3: the text of an atom takes 5 bytes, and 3 are left");
  EXPECT_EQ(error_of_hex("8370ffffffff02"), "byte 1: the fun claims 4294967295 bytes, and 5 are left");
}

TEST(ExternalLimits, AMillionLevelsAreATerm) {
  const Term tuples = from_external("\x83" + repeated("6801", kLevels) + "j");
  EXPECT_EQ(to_external(tuples), "\x83" + repeated("6801", kLevels) + "j");
  const Term heads = from_external("\x83" + repeated("6c00000001", kLevels) + repeated("6a", kLevels + 1));
  EXPECT_EQ(to_string(heads).size(), 2 * kLevels + 2);
  const Term tails = from_external("\x83" + repeated("6c000000016101", kLevels) + "j");
  EXPECT_EQ(tails.size(), kLevels);
  const Term keys = from_external("\x83" + repeated("7400000001", kLevels) + repeated("6a", kLevels + 1));
  EXPECT_TRUE(from_external(to_external(keys)) == keys);
  const Term empty = from_external("\x83" + repeated("6c00000000", kLevels) + "j");
  EXPECT_TRUE(empty.is_nil());
}

TEST(ExternalLimits, AMillionLevelsThatNeverEndAreRefused) {
  for (const char* opening : {"6801", "6c00000001", "7400000001", "6c000000016101"}) {
    EXPECT_EQ(error_of("\x83" + repeated(opening, kLevels)).code(), ErrorCode::syntax) << opening;
  }
}

TEST(ExternalLimits, ATermThatTakesMoreThanItMayIsRefused) {
  const std::string nils = from_hex("836c00010000") + std::string(65537, 'j');
  EXPECT_EQ(error_of(nils, {.memory_bytes_max = 600000}).detail(), "accepted 65537 words");
  const Error error = error_of(nils, {.memory_bytes_max = 500000});
  EXPECT_EQ(error.code(), ErrorCode::system_limit);
  EXPECT_NE(error.detail().find("the term takes more than 500000 bytes"), std::string::npos) << error.detail();
  EXPECT_EQ(error_of("\x83" + repeated("6801", 10000) + "j", {.memory_bytes_max = 100000}).code(),
            ErrorCode::system_limit);
}

TEST(ExternalLimits, CompressedBombsAreRefusedBeforeTheyInflate) {
  EXPECT_EQ(error_of_hex("8350ffffffff 789c"), "byte 1: it inflates to 4294967295 bytes, and 268435456 is the most");
  EXPECT_EQ(error_of_hex("83500fffffff 789c"),
            "byte 6: it claims 268435455 bytes, which 2 compressed ones cannot hold");
  // Sixteen million nils in 16 KiB: as bytes they may be, as a term they may not.
  const std::string bomb = compressed(from_hex("836c01000000") + std::string((1U << 24) + 1, 'j'), 9);
  EXPECT_LT(bomb.size(), 20000U);
  const Error error = error_of(bomb, {.memory_bytes_max = std::size_t{1} << 25});
  EXPECT_EQ(error.code(), ErrorCode::system_limit);
  EXPECT_NE(error.detail().find("of the inflated bytes: the term takes more than"), std::string::npos);
}

TEST(ExternalLimits, IntegersBeyondTheLargestAreRefused) {
  const std::string largest = from_hex("836f00080000 00") + std::string(524288, '\xFF');
  EXPECT_EQ(to_external(from_external(largest)), largest);
  const Error error = error_of(from_hex("836f00080001 00") + std::string(524289, '\xFF'));
  EXPECT_EQ(error.code(), ErrorCode::system_limit);
  EXPECT_EQ(error.detail(), "byte 1: the integer has more than 4194304 bits");
  EXPECT_EQ(from_external(from_hex("836f00100000 00 05") + std::string(0xFFFFF, '\0')), Term(5));
}

std::string list_of_atoms(std::string_view prefix, std::size_t count) {
  std::string bytes = from_hex("836c");
  for (std::size_t i = 4; i-- > 0;) bytes += static_cast<char>(count >> (8 * i));
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = std::string(prefix) + std::to_string(i);
    bytes += 'w';
    bytes += static_cast<char>(text.size());
    bytes += text;
  }
  return bytes + 'j';
}

TEST(ExternalLimits, MoreNewAtomsThanAllowedAreRefusedAndNoneIsMade) {
  const Error error = error_of(list_of_atoms("flood_", 65537));
  EXPECT_EQ(error.code(), ErrorCode::system_limit);
  EXPECT_NE(error.detail().find("it has more than 65536 atoms that this program does not know"), std::string::npos);
  EXPECT_FALSE(AtomTable::instance().find("flood_0"));
  const Term read = from_external(list_of_atoms("few_", 100), {.new_atoms_max = 100});
  EXPECT_EQ(read[99], Term("few_99"_atom));
  EXPECT_EQ(from_external(list_of_atoms("few_", 100), {.new_atoms_max = 0}), read);
  EXPECT_EQ(error_of(from_hex("8377076e6f7468657265"), {.new_atoms_max = 0}).detail(),
            "byte 1: it has more than 0 atoms that this program does not know");
}

TEST(ExternalLimits, ATermThatProvesWrongLeavesNoAtoms) {
  std::string bytes = list_of_atoms("left_", 3);
  bytes.back() = '\0';
  EXPECT_EQ(error_of(bytes).code(), ErrorCode::syntax);
  EXPECT_FALSE(AtomTable::instance().find("left_0"));
}

TEST(ExternalLimits, NewAtomsOrderTheKeysOfMapsByTheirTexts) {
  const Term map = from_external(from_hex("837400000003 77026b32 6102 77026b31 6101 77026b33 6103"));
  EXPECT_EQ(to_string(map), "#{k1 => 1,k2 => 2,k3 => 3}");
  EXPECT_EQ(map.find("k2"_atom)->as_int64(), 2);
  EXPECT_EQ(error_of_hex("837400000002 77036e6577 6102 7600036e6577 6101"), "byte 1: two keys of the map are equal");
}

}  // namespace
}  // namespace heirloom::term
