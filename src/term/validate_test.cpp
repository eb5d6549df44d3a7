// SPDX-License-Identifier: Apache-2.0
//
// Words that break one rule each are refused with that rule; and no change of any words, however it comes about, makes the
// validator or what relies on it read outside.
#include "term/validate.hpp"

#include <bit>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "term/fun_fixture.hpp"
#include "term/hash.hpp"
#include "term/random_term.hpp"

namespace heirloom::term {
namespace {

using Words = std::vector<Word>;

std::string rule_broken_by(const Words& words) {
  const auto status = validate_block(words, 2, nullptr);
  if (status.ok()) return "";
  EXPECT_EQ(status.failure().code, ErrorCode::corrupt);
  const std::string& detail = status.failure().detail;
  const std::size_t colon = detail.find(": ");
  return colon == std::string::npos ? detail : detail.substr(colon + 2);
}

constexpr Word ref(Kind kind, std::uint64_t size, std::uint64_t offset) { return make_reference(kind, size, offset); }

TEST(Validate, AcceptsWellFormedBlocks) {
  EXPECT_EQ(rule_broken_by({make_small(-1)}), "");
  EXPECT_EQ(rule_broken_by({make_atom(1)}), "");
  EXPECT_EQ(rule_broken_by({kNil}), "");
  EXPECT_EQ(rule_broken_by({ref(Kind::tuple, 0, 0)}), "");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, 0, 0)}), "");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, 3, 1), 0x636261}), "");
  EXPECT_EQ(rule_broken_by({ref(Kind::bitstring, 3, 1), 0xE0}), "");
  EXPECT_EQ(rule_broken_by({ref(Kind::tuple, 2, 1), ref(Kind::binary, 1, 4), ref(Kind::list, 1, 3), kNil, 7}), "");
}

TEST(Validate, NamesTheRuleThatIsBroken) {
  const Word floating = ref(Kind::floating, 1, 1);
  const auto infinity = std::bit_cast<Word>(std::numeric_limits<double>::infinity());
  EXPECT_EQ(rule_broken_by({}), "a block has at least one word");
  EXPECT_EQ(rule_broken_by({0}), "a word has a known tag");
  EXPECT_EQ(rule_broken_by({15}), "a word has a known tag");
  EXPECT_EQ(rule_broken_by({kNil | 16}), "nil has no other bits");
  EXPECT_EQ(rule_broken_by({make_atom(0) | 16}), "an atom has no bits but its id");
  EXPECT_EQ(rule_broken_by({make_atom(2)}), "an atom's id is in the dictionary");
  EXPECT_EQ(rule_broken_by({0xE4}), "a reference has a known kind");
  EXPECT_EQ(rule_broken_by({ref(Kind::list, 0, 0)}), "a list without elements is nil");
  EXPECT_EQ(rule_broken_by({ref(Kind::tuple, 0, 1)}), "an empty container has the offset 0");
  EXPECT_EQ(rule_broken_by({ref(Kind::tuple, 1, 0)}), "elements follow those of the container before");
  EXPECT_EQ(rule_broken_by({ref(Kind::tuple, 1, 2), kNil, kNil}), "elements follow those of the container before");
  EXPECT_EQ(rule_broken_by({ref(Kind::tuple, 2, 1), kNil}), "elements lie inside the block");
  EXPECT_EQ(rule_broken_by({ref(Kind::map, kSizeEscape, 1), kNil}), "elements lie inside the block");
  EXPECT_EQ(rule_broken_by({ref(Kind::improper_list, 1, 1), kNil, kNil}), "the tail of an improper list is no list");
  EXPECT_EQ(rule_broken_by({ref(Kind::improper_list, 1, 1), kNil, ref(Kind::list, 1, 3), kNil}),
            "the tail of an improper list is no list");
  EXPECT_EQ(rule_broken_by({ref(Kind::floating, 0, 0)}), "only a binary is empty, with the offset 0");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, 0, 1)}), "only a binary is empty, with the offset 0");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, 1, 0)}), "a payload follows the one before");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, kSizeEscape, 1)}), "a size is escaped where it must be");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, kSizeEscape, 1), 5, 5}), "a size is escaped where it must be");
  EXPECT_EQ(rule_broken_by({ref(Kind::reference, kSizeEscape, 1), kSizeEscape}), "a size is escaped where it must be");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, kSizeEscape, 1), ~Word{0}}), "a payload lies inside the block");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, 9, 1), 0}), "a payload lies inside the block");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, 3, 1), 0x1636261}), "unused bytes are zero");
  EXPECT_EQ(rule_broken_by({ref(Kind::bitstring, 3, 1), 0xF0}), "unused bits are zero");
  EXPECT_EQ(rule_broken_by({ref(Kind::bitstring, 3, 1), 0x1E0}), "unused bits are zero");
  EXPECT_EQ(rule_broken_by({ref(Kind::bitstring, 8, 1), 1}), "a bitstring of whole bytes is a binary");
  EXPECT_EQ(rule_broken_by({floating, infinity}), "a float is one finite number");
  EXPECT_EQ(rule_broken_by({ref(Kind::floating, 2, 1), 0, 0}), "a float is one finite number");
  EXPECT_EQ(rule_broken_by({ref(Kind::positive_integer, 1, 1), Word{1} << 59}), "");
  EXPECT_EQ(rule_broken_by({ref(Kind::positive_integer, 1, 1), (Word{1} << 59) - 1}),
            "an integer that fits 60 bits is small");
  EXPECT_EQ(rule_broken_by({ref(Kind::negative_integer, 1, 1), Word{1} << 59}),
            "an integer that fits 60 bits is small");
  EXPECT_EQ(rule_broken_by({ref(Kind::positive_integer, 2, 1), ~Word{0}, 0}), "an integer has no leading zeros");
  EXPECT_EQ(rule_broken_by({ref(Kind::pid, 2, 1), 1, 1}), "a pid or port of this node is one word");
  EXPECT_EQ(rule_broken_by({make_small(1), make_small(2)}), "no word of the term refers to it");
  EXPECT_EQ(rule_broken_by({ref(Kind::binary, 1, 1), 1, 1}), "no word of the term refers to it");
}

TEST(Validate, WantsIdentifiersAsTheirNodeGaveThem) {
  const auto words_of = [](std::string_view text) {
    const Term term = parse(text);
    return Words(term.block().begin(), term.block().end());
  };
  const auto changed = [&](std::string_view text, std::size_t index, Word bits) {
    Words words = words_of(text);
    words[index] ^= bits;
    return rule_broken_by(words);
  };
  for (const char* text : {"<a@b/1.2.3>", "#Port<a@b/1.2>", "#Ref<a@b/1.2.3.4>", "#Ref<0.1.2.3>", "#Port<0.1>"}) {
    EXPECT_EQ(rule_broken_by(words_of(text)), "") << text;
  }
  EXPECT_EQ(changed("<a@b/1.2.3>", 1, Word{1} << 62), "unused bits are zero");
  EXPECT_EQ(changed("<a@b/1.2.3>", 1, Word{1} << 48), "an identifier has the numbers of its kind");
  EXPECT_EQ(changed("#Ref<a@b/1.2>", 1, Word{1} << 48), "an identifier has the numbers of its kind");
  EXPECT_EQ(changed("#Ref<a@b/1.5.4.3.2.1>", 1, Word{3} << 48), "an identifier has the numbers of its kind");
  EXPECT_EQ(changed("<a@b/1.2.3>", 1, Word{1} << 36), "an identifier's size is that of its parts");
  EXPECT_EQ(changed("#Ref<a@b/1.2.3.4>", 3, Word{1} << 32), "unused halves are zero");
  EXPECT_EQ(changed("<a@b/1.2.3>", 3, Word{1} << 24), "unused bytes are zero");
  EXPECT_EQ(changed("<a@b/1.2.3>", 3, 0xFF), "the name of a node is UTF-8 of up to 255 characters");
  EXPECT_EQ(changed("<heirloom@localhost/2.3.4>", 1, 3), "what is of this node is its own");
  EXPECT_EQ(changed("#Ref<0.1.2.3>", 1, Word{1} << 32), "the first word of a reference fits 32 bits");
  EXPECT_EQ(rule_broken_by({ref(Kind::reference, 4, 1), 1, 1, 1, 1}), "a reference of this node has up to three words");
}

TEST(Validate, WantsFunsOfTheirParts) {
  const auto changed = [](std::size_t index, Word word) {
    const Term fun = fun_of({Term(false), 7, -5, 1, 7, std::string(16, 'u'), Pid{1, 2}, 4});
    Words words(fun.block().begin(), fun.block().end());
    words[index] = word;
    return rule_broken_by(words);
  };
  EXPECT_EQ(changed(8, make_small(5)), "");
  EXPECT_EQ(changed(1, make_small(5)), "a fun begins with a module and two numbers of 32 bits");
  EXPECT_EQ(changed(2, make_small(1LL << 31)), "a fun begins with a module and two numbers of 32 bits");
  EXPECT_EQ(changed(4, make_small(256)), "the arity of a fun fits a byte, its index 32 bits");
  EXPECT_EQ(changed(5, make_small(-1)), "the arity of a fun fits a byte, its index 32 bits");
  EXPECT_EQ(changed(6, ref(Kind::binary, 15, 9)), "the uniq of a fun is 16 bytes");
  EXPECT_EQ(changed(7, ref(Kind::pid, 1, 11)), "the creator of a fun is there");
  EXPECT_EQ(changed(8, ref(Kind::creator, 1, 12)), "a creator occurs only in a fun");
  EXPECT_EQ(changed(0, ref(Kind::fun, 0, 0)), "a fun has elements");
  EXPECT_EQ(rule_broken_by({ref(Kind::creator, 1, 1), 5}), "a creator occurs only in a fun");
  EXPECT_EQ(rule_broken_by({ref(Kind::fun, 3, 1), make_atom(0), make_atom(1), make_small(2)}), "");
  EXPECT_EQ(rule_broken_by({ref(Kind::fun, 3, 1), make_atom(0), make_small(1), make_small(2)}),
            "an export has a module, a function and an arity");
  EXPECT_EQ(rule_broken_by({ref(Kind::fun, 2, 1), make_atom(0), make_atom(1)}),
            "a fun has 7 elements and up to 255 free variables");
}

TEST(Validate, WantsTheKeysOfMapsAscending) {
  const auto map_of = [](Word first, Word second) { return Words{ref(Kind::map, 2, 1), first, second, kNil, kNil}; };
  EXPECT_EQ(rule_broken_by(map_of(make_small(1), make_small(2))), "");
  EXPECT_EQ(rule_broken_by(map_of(make_small(2), make_small(1))), "the keys of a map ascend");
  EXPECT_EQ(rule_broken_by(map_of(make_small(1), make_small(1))), "the keys of a map ascend");
}

TEST(Validate, LeavesTheOffsetOfATupleToItsOwner) {
  const Words stored{ref(Kind::tuple, 1, 77), make_small(1)};
  EXPECT_FALSE(validate_block(stored, 0, nullptr).ok());
  EXPECT_TRUE(validate_block(stored, 0, nullptr, RootOffset::of_an_owner).ok());
}

// Random words are almost never a term, so a few bits of a term are changed. What is still accepted must be canonical: its
// text reads back as the same words.
RC_GTEST_PROP(Validate, AcceptsNoChangedBlockThatIsNotATermAgain, (const Term& term, std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  Words words(term.block().begin(), term.block().end());
  for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
    words[random() % words.size()] ^= Word{1} << (random() % 64);
  }
  if (random() % 4 == 0) words.pop_back();
  const auto is_plain = [](Word word) { return !is_atom(word) || atom_id(word) < 2; };
  if (!validate_block(words, 2, nullptr).ok() || !is_plain(words[0])) return;
  const Term accepted = Term::from_block(words);
  if (!has_text(accepted)) return;
  const Term again = parse(to_string(accepted));
  RC_ASSERT(again == accepted);
  RC_ASSERT(hash(again, 1) == hash(accepted, 1));
  RC_ASSERT(std::equal(words.begin(), words.end(), again.block().begin(), again.block().end()));
}

}  // namespace
}  // namespace heirloom::term
