// SPDX-License-Identifier: Apache-2.0
//
// Tuples, lists and maps made of terms.
#include <algorithm>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "heirloom/term.hpp"

#include "term/assemble.hpp"
#include "term/compare.hpp"

namespace heirloom {

namespace {

using term::Kind;
using term::Part;
using Parts = boost::container::small_vector<Part, 8>;

Parts parts_of(std::span<const Term> elements) {
  Parts parts;
  parts.reserve(elements.size() + 1);
  for (const Term& element : elements) parts.push_back(Part::of(element));
  return parts;
}

// Pointers to the pairs in the order of keys; of equal keys only the last one.
std::vector<const std::pair<Term, Term>*> in_key_order(std::span<const std::pair<Term, Term>> pairs) {
  std::vector<const std::pair<Term, Term>*> order;
  order.reserve(pairs.size());
  for (const auto& pair : pairs) order.push_back(&pair);
  const auto compare_keys = [](const auto* left, const auto* right) {
    return term::compare(left->first, right->first, term::Numbers::by_type);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto* left, const auto* right) { return compare_keys(left, right) < 0; });
  // Of equal keys the last one counts, and std::unique keeps the first: so look from behind.
  const auto kept = std::unique(order.rbegin(), order.rend(),
                                [&](const auto* left, const auto* right) { return compare_keys(left, right) == 0; });
  order.erase(order.begin(), kept.base());
  return order;
}

}  // namespace

// Most tuples have no container among their elements: then their payloads follow each other as they come.
void Term::become_tuple(std::span<const Term> elements) {
  std::size_t words = 1;
  bool flat = true;
  for (const Term& element : elements) {
    words += element.words_;
    flat = flat && (element.words_ == 1 || !term::is_container(element.data()[0]));
  }
  if (!flat) {
    *this = assemble(Kind::tuple, elements.size(), parts_of(elements));
    return;
  }
  term::Word* const block = overwrite(words).data();
  block[0] = term::make_reference(Kind::tuple, elements.size(), !elements.empty());
  std::uint64_t payload = 1 + elements.size();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const term::Word* const element = elements[i].data();
    const std::size_t payload_words = elements[i].words_ - 1;
    if (payload_words == 0) {
      block[1 + i] = element[0];
      continue;
    }
    block[1 + i] = term::with_offset(element[0], payload);
    term::copy_words(block + payload, element + 1, payload_words);
    payload += payload_words;
  }
}

Term tuple(std::span<const Term> elements) {
  Term result;
  result.become_tuple(elements);
  return result;
}

Term tuple(std::initializer_list<Term> elements) { return tuple(std::span(elements.begin(), elements.size())); }

Term list(std::span<const Term> elements) {
  if (elements.empty()) return {};
  return assemble(Kind::list, elements.size(), parts_of(elements));
}

Term list(std::initializer_list<Term> elements) { return list(std::span(elements.begin(), elements.size())); }

Term improper_list(std::span<const Term> elements, const Term& tail) {
  if (elements.empty()) return tail;
  if (tail.is_nil()) return list(elements);
  Parts parts = parts_of(elements);
  const TermView end = tail;
  const term::Word root = end.word();
  if (!tail.is_list()) {
    parts.push_back(Part::of(end, root));
    return assemble(Kind::improper_list, elements.size(), parts);
  }
  const term::Word* rest = term::elements_of(end.base(), root);
  parts.push_back({{end.base(), rest, rest + term::element_words(root)}, nullptr});
  return assemble(term::kind_of(root), elements.size() + tail.size(), parts);
}

Term map(std::span<const std::pair<Term, Term>> pairs) {
  const auto order = in_key_order(pairs);
  Parts parts;
  parts.reserve(2 * order.size());
  for (const auto* pair : order) parts.push_back(Part::of(pair->first));
  for (const auto* pair : order) parts.push_back(Part::of(pair->second));
  return assemble(Kind::map, order.size(), parts);
}

Term map(std::initializer_list<std::pair<Term, Term>> pairs) { return map(std::span(pairs.begin(), pairs.size())); }

}  // namespace heirloom
