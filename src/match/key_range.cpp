// SPDX-License-Identifier: Apache-2.0
#include "match/key_range.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "match/variables.hpp"
#include "term/block.hpp"
#include "term/compare.hpp"
#include "term/word.hpp"

namespace heirloom::matching {

namespace {

using term::Edge;
using term::KeyRange;
using term::Kind;

struct KeyPattern {
  Term key;  // with open words in place of what may differ
  bool whole;
};

// The pattern of a key as an edge. A map in it matches larger ones, too. Edges are read along the offsets of their words, so
// what lies below a word that became open is not in the way.
KeyPattern pattern_of_key(TermView key) {
  KeyPattern pattern{Term(key), true};
  term::for_each_word(pattern.key.writable_block().data(), [&](term::Word& word) {
    const bool open = term::is_kind(word, Kind::map) || (term::is_atom(word) && [&] {
                        const std::string_view text = Atom::from_id(term::atom_id(word)).text();
                        return text == "_" || is_variable_name(text);
                      }());
    if (!open) return;
    pattern.whole = false;
    word = term::kOpen;
  });
  return pattern;
}

// Each once, in their order; of keys that are equal by == but not by =:=, an ordered table has one at most.
void put_in_order(std::vector<Term>& keys, bool ordered) {
  const auto numbers = ordered ? term::Numbers::by_value : term::Numbers::by_type;
  const auto compare = [&](const Term& left, const Term& right) { return term::compare(left, right, numbers); };
  std::sort(keys.begin(), keys.end(), [&](const Term& left, const Term& right) { return compare(left, right) < 0; });
  const auto last = std::unique(keys.begin(), keys.end(),
                                [&](const Term& left, const Term& right) { return compare(left, right) == 0; });
  keys.erase(last, keys.end());
}

void widen(std::optional<Term>& edge, const Term& other, Edge kind) {
  const bool beyond = !edge || (kind == Edge::below ? term::compare_to_edge(other, *edge, kind) < 0
                                                    : term::compare_to_edge(other, *edge, kind) > 0);
  if (beyond) edge = other;
}

}  // namespace

KeyRange key_range_of(const Program& program, std::size_t keypos, bool ordered) {
  KeyRange everything;
  everything.kind = KeyRange::Kind::everything;
  KeyRange range;
  for (const Clause& clause : program.clauses) {
    if (is_underscore(clause.head) || is_variable(clause.head)) return everything;
    if (!clause.head.is_tuple() || clause.head.size() < keypos) continue;
    KeyPattern pattern = pattern_of_key(clause.head.element(keypos));
    if (!pattern.whole && (!ordered || pattern.key.block()[0] == term::kOpen)) return everything;
    if (!pattern.whole) range.kind = KeyRange::Kind::between;
    range.keys.push_back(std::move(pattern.key));
  }
  if (range.kind == KeyRange::Kind::keys) {
    put_in_order(range.keys, ordered);
    return range;
  }
  for (const Term& key : range.keys) {
    widen(range.from, key, Edge::below);
    widen(range.to, key, Edge::above);
  }
  range.keys.clear();
  return range;
}

}  // namespace heirloom::matching
