// SPDX-License-Identifier: Apache-2.0
//
// Strategy: which range comes of which heads, by hand; and that a range never leaves out a key that the head matches, of random keys
// and of patterns that are made of them. A range that is too narrow loses objects, one that is too wide only time.
#include "match/key_range.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "heirloom/match_spec.hpp"

#include "term/order_prefix.hpp"
#include "term/random_term.hpp"

namespace heirloom::matching {
namespace {

using namespace literals;
using term::Edge;
using term::KeyRange;

KeyRange range_of(const char* spec, bool ordered, std::size_t keypos = 1) {
  return key_range_of(*MatchSpec(parse(spec)).program(), keypos, ordered);
}

TEST(KeyRange, OfHeadsThatNameTheKeyIsTheseKeys) {
  const KeyRange range = range_of("[{{b,'_'},[],[1]},{{1,'$1'},[],[2]},{{b,c},[],[3]},{{1.0,'_'},[],[4]}]", false);
  EXPECT_EQ(range.kind, KeyRange::Kind::keys);
  EXPECT_EQ(list(range.keys), parse("[1,1.0,b]"));
  EXPECT_EQ(range_of("[{{b,'_'},[],[1]},{{1,'$1'},[],[2]},{{1.0,'_'},[],[4]}]", true).keys.size(), 2U);
  EXPECT_EQ(list(range_of("[{{x,{a,[b]}},[],[1]}]", false, 2).keys), parse("[{a,[b]}]"));
}

TEST(KeyRange, OfHeadsThatMatchNoObjectIsNothing) {
  for (const char* head : {"foo", "{}", "{1}", "[1,2]", "17", "#{}"}) {
    const KeyRange range = range_of((std::string("[{") + head + ",[],[1]}]").c_str(), true, 2);
    EXPECT_EQ(range.kind, KeyRange::Kind::keys) << head;
    EXPECT_TRUE(range.keys.empty()) << head;
  }
}

TEST(KeyRange, OfHeadsThatLeaveTheKeyOpenIsEverything) {
  for (const char* head : {"'_'", "'$1'", "{'_',1}", "{'$1',1}", "{#{a=>1},1}"}) {
    const std::string spec = std::string("[{{1,1},[],[1]},{") + head + ",[],[1]}]";
    EXPECT_EQ(range_of(spec.c_str(), true).kind, KeyRange::Kind::everything) << head;
  }
  EXPECT_EQ(range_of("[{{{a,'_'},1},[],[1]}]", false).kind, KeyRange::Kind::everything);
}

TEST(KeyRange, OfKeysThatBeginAlikeIsWhatLiesBetween) {
  const KeyRange range = range_of("[{{{a,2,'$1',5},1},[],[1]}]", true);
  ASSERT_EQ(range.kind, KeyRange::Kind::between);
  const auto lies = [&](const char* key) {
    const Term term = parse(key);
    const bool below = term::compare_to_edge(term, *range.from, Edge::below) < 0;
    const bool above = term::compare_to_edge(term, *range.to, Edge::above) > 0;
    return below ? "below" : above ? "above" : "between";
  };
  for (const char* key : {"{a,2,0,0}", "{a,2,[],<<>>}", "{a,2,5,5}"}) EXPECT_STREQ(lies(key), "between") << key;
  for (const char* key : {"{a,2,0}", "{a,1,z,z}", "{0,3,z,z}", "a"}) EXPECT_STREQ(lies(key), "below") << key;
  for (const char* key : {"{a,2,0,0,0}", "{a,3,0,0}", "{b,2,0,0}", "[]"}) EXPECT_STREQ(lies(key), "above") << key;
}

TEST(KeyRange, OfSeveralHeadsReachesFromTheLeastToTheGreatest) {
  const KeyRange range = range_of("[{{{b,'_'},1},[],[1]},{{7,1},[],[1]},{{[c|'_'],1},[],[1]}]", true);
  ASSERT_EQ(range.kind, KeyRange::Kind::between);
  EXPECT_EQ(*range.from, Term(7));
  EXPECT_EQ(term::compare_to_edge(parse("[c,d]"), *range.to, Edge::above), std::weak_ordering::less);
  EXPECT_EQ(term::compare_to_edge(parse("[d]"), *range.to, Edge::above), std::weak_ordering::greater);
}

// A pattern that matches the term: some parts of it open.
Term pattern_of(TermView term, int depth) {
  if (*rc::gen::inRange(0, 4) == 0) return Term(*rc::gen::element("_"_atom, "$1"_atom, "$2"_atom));
  if (depth == 0 || (!term.is_tuple() && term.kind() != TermKind::list)) return Term(term);
  std::vector<Term> elements;
  for (const TermView element : term.elements()) elements.push_back(pattern_of(element, depth - 1));
  if (term.is_tuple()) return tuple(elements);
  if (*rc::gen::inRange(0, 2) == 0) return improper_list(elements, pattern_of(term.tail(), depth - 1));
  elements.resize(static_cast<std::size_t>(*rc::gen::inRange<int>(1, static_cast<int>(elements.size()) + 1)));
  return improper_list(elements, Term("_"_atom));
}

bool is_within(const KeyRange& range, const Term& key) {
  switch (range.kind) {
    case KeyRange::Kind::everything: return true;
    case KeyRange::Kind::keys:
      return std::any_of(range.keys.begin(), range.keys.end(), [&](const Term& one) { return compare(one, key) == 0; });
    case KeyRange::Kind::between: break;
  }
  const auto prefix = term::order_prefix(key);
  return term::compare_to_edge(key, *range.from, Edge::below) >= 0 &&
         term::compare_to_edge(key, *range.to, Edge::above) <= 0 &&
         term::order_prefix_of_edge(*range.from, Edge::below) <= prefix &&
         prefix <= term::order_prefix_of_edge(*range.to, Edge::above);
}

RC_GTEST_PROP(KeyRange, HoldsEveryKeyThatAHeadMatches, ()) {
  std::vector<Term> keys;
  std::vector<Term> clauses;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    keys.push_back(*term::random_term());
    clauses.push_back({{pattern_of(keys.back(), 3), "_"_atom}, list({}), list({Term(true)})});
  }
  const KeyRange range = key_range_of(*MatchSpec(list(clauses)).program(), 1, true);
  for (const Term& key : keys) RC_ASSERT(is_within(range, key));
}

// Keys of several parts, which are often the same.
Term composite() {
  std::vector<Term> parts;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    const int kind = *rc::gen::inRange(0, 4);
    parts.push_back(kind == 0   ? *term::random_term()
                    : kind == 1 ? Term{*rc::gen::inRange(0, 2), "a"_atom}
                                : Term(*rc::gen::inRange(0, 3)));
  }
  return *rc::gen::inRange(0, 2) == 0 ? tuple(parts)
                                      : improper_list(parts, *rc::gen::inRange(0, 2) == 0 ? list({}) : Term("a"_atom));
}

// Keys lie below an edge, then at it, then above it, in their order: what a search by halves relies on.
RC_GTEST_PROP(KeyRange, AnEdgeCutsTheOrderOnce, ()) {
  std::vector<Term> parts;
  const Term like = composite();
  for (const TermView part : like.elements()) parts.push_back(pattern_of(part, 2));
  parts.back() = Term("_"_atom);
  const Term pattern = like.is_tuple() ? tuple(parts) : list(parts);
  const KeyRange range =
      key_range_of(*MatchSpec(list({{{pattern, "_"_atom}, list({}), list({Term(true)})}})).program(), 1, true);
  RC_ASSERT(range.kind == KeyRange::Kind::between);
  std::vector<Term> keys{like};
  while (keys.size() < 20) keys.push_back(composite());
  std::sort(keys.begin(), keys.end(), [](const Term& left, const Term& right) { return compare(left, right) < 0; });
  for (const auto& [edge, kind] : {std::pair(*range.from, Edge::below), std::pair(*range.to, Edge::above)}) {
    int last = -1;
    for (const Term& key : keys) {
      const auto order = term::compare_to_edge(key, edge, kind);
      const int place = order < 0 ? -1 : order > 0 ? 1 : 0;
      RC_ASSERT(last <= place);
      last = place;
    }
  }
}

}  // namespace
}  // namespace heirloom::matching
