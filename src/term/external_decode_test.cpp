// SPDX-License-Identifier: Apache-2.0
//
// Bytes as terms: each tag that OTP 25 to 28 write or still read, what is refused and with which words, and that what was
// written is read as the same block.
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "heirloom/external.hpp"

#include "term/hex_fixture.hpp"
#include "term/other_space.hpp"
#include "term/random_term.hpp"
#include "term/validate.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

Term read(std::string_view hex) { return from_external(from_hex(hex)); }

std::string refusal_of(std::string_view hex) {
  try {
    return "accepted as " + to_string(read(hex));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::syntax);
    EXPECT_EQ(error.operation(), "read an external term");
    return error.detail();
  }
}

// 31 bytes of text
std::string float_text(std::string text) {
  text.resize(31, '\0');
  return "8363" + to_hex(text);
}

TEST(FromExternal, ReadsIntegersOfEveryForm) {
  EXPECT_EQ(read("8361ff"), Term(255));
  EXPECT_EQ(read("8362ffffffff"), Term(-1));
  EXPECT_EQ(read("836e0000"), Term(0));
  EXPECT_EQ(read("836e0301050000"), Term(-5));
  EXPECT_EQ(read("836e0301000000"), Term(0));
  EXPECT_EQ(read("836f00000002010501"), Term(-261));
  EXPECT_EQ(read("836e0800ffffffffffffffff"), Term(~std::uint64_t{0}));
  EXPECT_EQ(read("836e0801 0000000000000080"), Term(std::numeric_limits<std::int64_t>::min()));
}

TEST(FromExternal, ReadsFloatsAsBitsAndAsText) {
  EXPECT_EQ(read("83463ff8000000000000"), Term(1.5));
  EXPECT_EQ(read("83468000000000000000"), Term(-0.0));
  EXPECT_EQ(read(float_text("1.50000000000000000000e+00")), Term(1.5));
  EXPECT_EQ(read(float_text("-1.5E3")), Term(-1500.0));
  EXPECT_EQ(read(float_text("+1.5")), Term(1.5));
  EXPECT_EQ(read(float_text("-1.5e-400")), Term(-0.0));
  EXPECT_EQ(read(float_text("1.50000000000000000000000000000")), Term(1.5));
  for (const char* text :
       {"", "1", "1.", ".5", "1e5", "1.5e", "1.5x", " 1.5", "1.5 ", "1,5", "nan", "inf", "0x1.8p3"}) {
    EXPECT_EQ(refusal_of(float_text(text)), "byte 1: the text of a float is no float") << text;
  }
  EXPECT_EQ(refusal_of(float_text("1.5e400")), "byte 1: infinity and NaN are no terms");
  EXPECT_EQ(refusal_of("83467ff8000000000000"), "byte 1: infinity and NaN are no terms");
  EXPECT_EQ(refusal_of("8346fff0000000000000"), "byte 1: infinity and NaN are no terms");
}

TEST(FromExternal, ReadsAtomsOfEveryForm) {
  EXPECT_EQ(read("836400026be9"), Term("k\xC3\xA9"_atom));
  EXPECT_EQ(read("837301e9"), Term("\xC3\xA9"_atom));
  EXPECT_EQ(read("83760002c3a9"), Term("\xC3\xA9"_atom));
  EXPECT_EQ(read("837702c3a9"), Term("\xC3\xA9"_atom));
  EXPECT_EQ(read("837700"), Term(""_atom));
  EXPECT_EQ(read("837703efbfbf"), Term("\xEF\xBF\xBF"_atom));
  EXPECT_EQ(refusal_of("837701ff"), "byte 3: the text of an atom is no UTF-8");
  EXPECT_EQ(refusal_of("837702c080"), "byte 3: the text of an atom is no UTF-8");
  EXPECT_EQ(refusal_of("837703eda080"), "byte 3: the text of an atom is no UTF-8");
  EXPECT_EQ(refusal_of("83760100" + to_hex(std::string(256, 'a'))),
            "byte 4: an atom has 256 characters, and 255 is the most");
  EXPECT_EQ(refusal_of("83640100" + to_hex(std::string(256, 'a'))),
            "byte 4: an atom has 256 characters, and 255 is the most");
}

TEST(FromExternal, ReadsContainers) {
  EXPECT_EQ(read("836800"), tuple({}));
  EXPECT_EQ(read("836802 6101 6a"), (Term{1, Term()}));
  EXPECT_EQ(read("836900000001 6101"), tuple({1}));
  EXPECT_EQ(read("837400000000"), map({}));
  EXPECT_EQ(read("837400000002 6102 6a 6101 6a"), map({{1, Term()}, {2, Term()}}));
  EXPECT_EQ(refusal_of("837400000002 6101 6102 6101 6103"), "byte 1: two keys of the map are equal");
  EXPECT_EQ(read("837400000002 6101 6102 463ff0000000000000 6103").size(), 2U);
}

TEST(FromExternal, ReadsListsWhateverTheirTailsAre) {
  EXPECT_EQ(read("836a"), Term());
  EXPECT_EQ(read("836b0000"), Term());
  EXPECT_EQ(read("836b000201ff"), list({1, 255}));
  EXPECT_EQ(read("836c00000001 6101 6a"), list({1}));
  EXPECT_EQ(read("836c00000001 6101 6102"), parse("[1|2]"));
  EXPECT_EQ(read("836c00000001 6101 6c00000001 6102 6a"), list({1, 2}));
  EXPECT_EQ(read("836c00000001 6101 6c00000001 6102 6103"), parse("[1,2|3]"));
  EXPECT_EQ(read("836c00000001 6101 6b00020203"), list({1, 2, 3}));
  EXPECT_EQ(read("836c00000001 6101 6b0000"), list({1}));
  EXPECT_EQ(read("836c00000000 6a"), Term());
  EXPECT_EQ(read("836c00000000 6103"), Term(3));
  EXPECT_EQ(read("836c00000001 6101 6c00000000 6c00000000 6102"), parse("[1|2]"));
  EXPECT_EQ(read("836802 6c00000000 6801 6101 6a"), (Term{tuple({1}), Term()}));
  EXPECT_EQ(read("836c00000001 6801 6c00000001 6101 6a 6801 6102"), parse("[{[1]}|{2}]"));
}

TEST(FromExternal, ReadsBinariesAndBitstrings) {
  EXPECT_EQ(read("836d00000003616263"), Term("abc"));
  EXPECT_EQ(read("834d0000000103ff"), bitstring("\xE0", 3));
  EXPECT_EQ(read("834d0000000108ff"), Term("\xFF"));
  EXPECT_EQ(read("834d0000000000"), Term(""));
  EXPECT_EQ(refusal_of("834d0000000003"), "byte 1: the last of 0 bytes cannot have 3 bits");
  EXPECT_EQ(refusal_of("834d0000000100ff"), "byte 1: the last of 1 bytes cannot have 0 bits");
  EXPECT_EQ(refusal_of("834d0000000109ff"), "byte 1: the last of 1 bytes cannot have 9 bits");
}

TEST(FromExternal, ReadsPidsOfEveryForm) {
  EXPECT_EQ(read("8358 7703614062 00000005 00000006 00000001"), parse("<a@b/1.5.6>"));
  EXPECT_EQ(read("8358 640003614062 00000005 00000006 00000001"), parse("<a@b/1.5.6>"));
  EXPECT_EQ(read("8367 7703614062 ffffffff 00000006 03"), parse("<a@b/3.4294967295.6>"));
  EXPECT_EQ(read("8358 7712" + to_hex("heirloom@localhost") + "000000030000000700000001"), Term(Pid{3, 7}));
  EXPECT_TRUE(read("8358 7712" + to_hex("heirloom@localhost") + "800000000000000700000001").is_foreign());
  EXPECT_EQ(refusal_of("8367 7703614062 00000005 00000006 04"), "byte 1: a creation of one byte is 0 to 3");
  EXPECT_EQ(refusal_of("8358 6101 00000005 00000006 00000001"), "byte 2: the name of a node is an atom");
}

TEST(FromExternal, ReadsPortsOfEveryForm) {
  EXPECT_EQ(read("8366 7703614062 00000005 03"), parse("#Port<a@b/3.5>"));
  EXPECT_EQ(read("8359 7703614062 00000005 00000003"), parse("#Port<a@b/3.5>"));
  EXPECT_EQ(read("8378 7703614062 0000000000000005 00000003"), parse("#Port<a@b/3.5>"));
  EXPECT_EQ(read("8378 7703614062 ffffffffffffffff 00000003"), parse("#Port<a@b/3.18446744073709551615>"));
}

TEST(FromExternal, ReadsReferencesOfEveryForm) {
  EXPECT_EQ(read("8365 7703614062 00000005 03"), parse("#Ref<a@b/3.5>"));
  EXPECT_EQ(read("8372 0002 7703614062 03 00000001 00000002"), parse("#Ref<a@b/3.2.1>"));
  EXPECT_EQ(read("835a 0003 7703614062 00000003 00000001 00000002 00000003"), parse("#Ref<a@b/3.3.2.1>"));
  EXPECT_EQ(read("8372 0002 7703614062 03 0003ffff ffffffff"), parse("#Ref<a@b/3.4294967295.262143>"));
  EXPECT_EQ(read("835a 0001 7703614062 00000003 ffffffff"), parse("#Ref<a@b/3.4294967295>"));
  EXPECT_EQ(refusal_of("8365 7703614062 00040000 03"), "byte 1: the first number of an old reference is below 262144");
  EXPECT_EQ(refusal_of("8372 0001 7703614062 03 00040000"),
            "byte 1: the first number of an old reference is below 262144");
  EXPECT_EQ(refusal_of("835a 0006 7703614062 00000003 00000001"), "byte 1: a reference has 1 to 5 numbers, not 6");
  EXPECT_EQ(refusal_of("835a 0000 7703614062 00000003"), "byte 1: a reference has 1 to 5 numbers, not 0");
}

TEST(FromExternal, ReadsExports) {
  EXPECT_EQ(read("8371 77016d 770166 6103"), parse("fun m:f/3"));
  EXPECT_EQ(read("8371 640001 6d 770166 6200000003"), parse("fun m:f/3"));
  EXPECT_EQ(refusal_of("8371 77016d 770166 6200000100"), "byte 8: the arity of a fun is an integer from 0 to 255");
  EXPECT_EQ(refusal_of("8371 6101 770166 6103"), "byte 2: the module of a fun is an atom");
  EXPECT_EQ(refusal_of("8371 77016d 6a 6103"), "byte 5: the name of a function is an atom");
}

constexpr const char* kFunBehindItsLength =
    "02 0102030405060708090a0b0c0d0e0f10 00000007 00000001 77016d 6107 62f1234567 "
    "58 7703614062 00000005 00000006 00000001 6109";

TEST(FromExternal, ReadsFuns) {
  const Term fun = read(std::string("8370 0000003b") + kFunBehindItsLength);
  EXPECT_EQ(fun.kind(), TermKind::fun);
  EXPECT_EQ(to_string(fun), "#Fun<m.7.-249346713>");
  EXPECT_EQ(to_hex(to_external(fun)), to_hex(from_hex(std::string("8370 0000003b") + kFunBehindItsLength)));
  // A fun in a fun in a list's tail.
  const std::string nested =
      "8370 0000007e 02 0102030405060708090a0b0c0d0e0f10 00000007 00000002 77016d 6107 62f1234567 "
      "58 7703614062 00000005 00000006 00000001 6109 6c00000001 6101 70 0000003b" +
      std::string(kFunBehindItsLength);
  EXPECT_EQ(to_hex(to_external(read(nested))), to_hex(from_hex(nested)));
}

TEST(FromExternal, RefusesFunsThatAreNone) {
  const std::string rest = kFunBehindItsLength;
  EXPECT_EQ(refusal_of("8370 0000003a" + rest), "byte 1: the fun claims to end at byte 60 and ends at byte 61");
  EXPECT_EQ(refusal_of("8370 00000000" + rest), "byte 1: the fun claims to end at byte 2 and ends at byte 61");
  EXPECT_EQ(refusal_of("8370 0000003c" + rest), "byte 1: the fun claims 60 bytes, and 59 are left");
  EXPECT_EQ(refusal_of("8370 0000003b 02 0102030405060708090a0b0c0d0e0f10 00000007 00000100" + rest),
            "byte 1: the fun claims 256 free variables, and 255 is the most");
  EXPECT_EQ(refusal_of("8370 00000030 02 0102030405060708090a0b0c0d0e0f10 00000007 00000001 77016d 6107 "
                       "6e050000000000 80 6101 6101 6101 6101 6101"),
            "byte 36: the old uniq of a fun is an integer from -2147483648 to 2147483647");
  EXPECT_EQ(refusal_of("8370 00000024 02 0102030405060708090a0b0c0d0e0f10 00000007 00000000 77016d 6107 6107 6101"),
            "byte 38: what made a fun is a pid");
}

TEST(FromExternal, RefusesWhatIsNoTerm) {
  EXPECT_EQ(refusal_of(""), "byte 0: the version takes 1 byte, and 0 are left");
  EXPECT_EQ(refusal_of("83"), "byte 1: a term takes 1 byte, and 0 are left");
  EXPECT_EQ(refusal_of("8261"), "byte 0: an external term begins with 131, not with 130");
  EXPECT_EQ(refusal_of("83610161"), "byte 3: the term is complete, and 1 byte follows");
  EXPECT_EQ(refusal_of("836a6a6a"), "byte 2: the term is complete, and 2 bytes follow");
  EXPECT_EQ(refusal_of("8300"), "byte 1: no term begins with 0");
  EXPECT_EQ(refusal_of("8375"), "byte 1: the fun is in a form that Erlang gave up long ago");
  EXPECT_EQ(refusal_of("837901020304"), "byte 1: the term is meant for the node alone that wrote it");
  EXPECT_EQ(refusal_of("8344"), "byte 1: this is a part of a message between nodes, and no term");
  EXPECT_EQ(refusal_of("83680152"), "byte 3: this is a part of a message between nodes, and no term");
  EXPECT_EQ(refusal_of("83680150"), "byte 3: only a whole term is compressed");
}

TEST(FromExternal, ReadsCompressedTerms) {
  const Term term{"a"_atom, std::string(1000, 'x'), list({1, 2})};
  for (const int level : {1, 6, 9}) {
    const std::string bytes = to_external(term, {.compression = level});
    EXPECT_LT(bytes.size(), 100U);
    EXPECT_EQ(from_external(bytes), term);
  }
}

TEST(FromExternal, RefusesCompressedBytesThatAreDamaged) {
  const std::string bytes = to_external(Term(std::string(1000, 'x')), {.compression = 6});
  const auto refusal = [](const std::string& damaged) { return refusal_of(to_hex(damaged)); };
  std::string longer = bytes;
  longer[5] = static_cast<char>(longer[5] + 1);
  EXPECT_NE(refusal(longer).find("it becomes 1005 bytes and claims 1006"), std::string::npos);
  std::string shorter = bytes;
  shorter[5] = static_cast<char>(shorter[5] - 1);
  EXPECT_NE(refusal(shorter).find("it becomes more than the 1004 bytes that it claims"), std::string::npos);
  EXPECT_NE(refusal(bytes.substr(0, bytes.size() - 1)).find("the compressed bytes end too early"), std::string::npos);
  EXPECT_NE(refusal(bytes + "x").find("the term is complete, and 1 bytes follow"), std::string::npos);
  std::string changed = bytes;
  changed[10] = static_cast<char>(changed[10] ^ 0x55);
  EXPECT_NE(refusal(changed).find("compressed bytes"), std::string::npos);
  EXPECT_EQ(refusal_of("8350 00000003 789c4b4c4a0600024d0127"),
            "byte 2 of the inflated bytes: the term is complete, and 1 byte follows");
}

RC_GTEST_PROP(FromExternal, ReadsWhatWasWrittenAsTheSameBlock, (const Term& term)) {
  const std::string bytes = to_external(term);
  const Term again = from_external(bytes);
  RC_ASSERT(std::equal(term.block().begin(), term.block().end(), again.block().begin(), again.block().end()));
  RC_ASSERT(to_external(again) == bytes);
  RC_ASSERT(from_external(to_external(term, {.compression = 9})) == term);
}

RC_GTEST_PROP(ToExternal, WritesTheSameBytesFromEverySpace, (const Term& term)) {
  OtherSpace space;
  const auto block = space.block_of(term);
  RC_ASSERT(to_external(TermView::of_block(block.data(), &space)) == to_external(term));
}

RC_GTEST_PROP(FromExternal, MakesOfDamagedBytesAWellFormedTermOrNone, (const Term& term, std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  std::string bytes = to_external(term);
  for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
    bytes[random() % bytes.size()] = static_cast<char>(random() % 2 == 0 ? 97 + random() % 24 : random());
  }
  try {
    const Term read = from_external(bytes);
    RC_ASSERT(validate_block(read.block(), Atom::kAtomsMax, nullptr).ok());
    RC_ASSERT(from_external(to_external(read)) == read);
  } catch (const Error& error) {
    RC_ASSERT(error.code() == ErrorCode::syntax || error.code() == ErrorCode::system_limit);
  }
}

}  // namespace
}  // namespace heirloom::term
