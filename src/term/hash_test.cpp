// SPDX-License-Identifier: Apache-2.0
//
// Equal terms have equal hashes whatever the ids of their atoms; different ones almost never; and both ends of a hash are
// good enough to choose buckets by.
#include "term/hash.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "term/other_space.hpp"
#include "term/random_term.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

TEST(Hash, TellsApartWhatIsNotExactlyEqual) {
  std::unordered_set<std::uint64_t> hashes;
  std::size_t count = 0;
  for (const char* text : {"0",
                           "1",
                           "-1",
                           "1.0",
                           "0.0",
                           "-0.0",
                           "a",
                           "b",
                           "''",
                           "[]",
                           "{}",
                           "#{}",
                           "<<>>",
                           "<<0>>",
                           "<<0,0>>",
                           "<<0:1>>",
                           "{a}",
                           "[a]",
                           "#{a=>a}",
                           "{{a}}",
                           "{[a]}",
                           "[[a]]",
                           "[a|a]",
                           "[a,a]",
                           "{a,a}",
                           "{a,{a}}",
                           "{{a},a}",
                           "<0.1.0>",
                           "#Ref<0.1.1>",
                           "#Ref<a@b/1.1.1>",
                           "<a@b/1.1.1>",
                           "#Port<0.1>",
                           "fun a:b/1",
                           "18446744073709551616",
                           "-18446744073709551616",
                           "{1,2}",
                           "{2,1}",
                           "{[1],[2]}",
                           "{[1,2],[]}",
                           "{[],[1,2]}",
                           "\"aaaaaaaa\"",
                           "<<\"aaaaaaaa\">>"}) {
    hashes.insert(hash(parse(text), 7));
    ++count;
  }
  EXPECT_EQ(hashes.size(), count);
}

TEST(Hash, DependsOnTheSeed) {
  for (const char* text : {"1", "a", "<<\"bytes\">>", "1.5", "{1,a}", "[]", "#{a => 1}"}) {
    EXPECT_NE(hash(parse(text), 1), hash(parse(text), 2)) << text;
  }
}

// A hash that is stored in a segment must mean the same in every later program: these numbers must never change.
TEST(Hash, OfTheseTermsIsTheSameForever) {
  EXPECT_EQ(hash(Term(1), 42), 14339177171696158653U);
  EXPECT_EQ(hash(Term("alice"_atom), 42), 9203602360671217190U);
  EXPECT_EQ(hash(Term("bytes"), 42), 4088861168505589292U);
  EXPECT_EQ(hash(parse("{1,a,[2.0|#{x => <<1:3>>}]}"), 42), 15172199433011464296U);
}

// For each end of the hash: as many buckets as keys. The number of keys that find their bucket taken is 1/e of all, give or
// take; a hash that is poor at one end is far off.
void expect_even(const std::vector<std::uint64_t>& hashes) {
  constexpr std::size_t kBuckets = 1U << 16;
  ASSERT_EQ(hashes.size(), kBuckets);
  for (const unsigned shift : {0U, 24U, 48U}) {
    std::vector<bool> taken(kBuckets);
    for (const std::uint64_t hash : hashes) taken[(hash >> shift) & (kBuckets - 1)] = true;
    const auto used = static_cast<double>(std::count(taken.begin(), taken.end(), true)) / kBuckets;
    EXPECT_NEAR(used, 0.632, 0.01) << "from bit " << shift;
  }
}

TEST(Hash, SpreadsIntegersThatFollowEachOther) {
  for (const std::int64_t step : {1, 2, 8, 1000, 65536, 1 << 30}) {
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{0x123456789ABCDEF}}) {
      std::vector<std::uint64_t> hashes;
      for (std::int64_t i = 0; i < 65536; ++i) hashes.push_back(hash(Term(i * step), seed));
      expect_even(hashes);
    }
  }
}

TEST(Hash, SpreadsShortTuplesAndTexts) {
  std::vector<std::uint64_t> tuples;
  std::vector<std::uint64_t> texts;
  std::vector<std::uint64_t> floats;
  for (int i = 0; i < 65536; ++i) {
    tuples.push_back(hash(Term{i / 256, i % 256}, 0));
    texts.push_back(hash(Term(std::to_string(i)), 0));
    floats.push_back(hash(Term(static_cast<double>(i)), 0));
  }
  expect_even(tuples);
  expect_even(texts);
  expect_even(floats);
}

RC_GTEST_PROP(Hash, IsTheSameInEverySpaceAndPlace, (const Term& term, std::uint64_t seed)) {
  OtherSpace space;
  const auto block = space.block_of(term);
  RC_ASSERT(hash(TermView::of_block(block.data(), &space), seed) == hash(term, seed));
  const Term whole{1, "in front", term, list({2})};
  RC_ASSERT(hash(whole.element(3), seed) == hash(term, seed));
}

RC_GTEST_PROP(Hash, DiffersForDifferentTerms, (const Term& left, const Term& right)) {
  RC_ASSERT((left == right) == (hash(left, 1) == hash(right, 1)));
}

}  // namespace
}  // namespace heirloom::term
