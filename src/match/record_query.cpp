// SPDX-License-Identifier: Apache-2.0
//
// Clauses over the records of a struct, for typed_query.hpp.
#include <algorithm>
#include <optional>
#include <utility>

#include "heirloom/query.hpp"

#include "match/variables.hpp"
#include "term/block.hpp"

namespace heirloom::query::detail {

using namespace literals;

namespace {

bool is_call(const Term& term, Atom name) {
  return term.is_tuple() && term.size() == 3 && term.element(1) == Term(name);
}

// Conditions that must all hold, one by one.
std::vector<Term> conjuncts(std::vector<Term> guards) {
  std::vector<Term> all;
  while (!guards.empty()) {
    const Term guard = std::move(guards.back());
    guards.pop_back();
    if (!is_call(guard, "andalso"_atom)) {
      all.push_back(guard);
      continue;
    }
    guards.emplace_back(guard.element(2));
    guards.emplace_back(guard.element(3));
  }
  std::reverse(all.begin(), all.end());
  return all;
}

// A map in a head matches larger ones, too.
bool has_map(const Term& value) {
  for (std::vector<TermView> left{value}; !left.empty();) {
    const TermView term = left.back();
    left.pop_back();
    if (term.is_map()) return true;
    if (!term.is_tuple() && term.kind() != TermKind::list) continue;
    for (const TermView part : term.elements()) left.push_back(part);
    if (!term.is_tuple() && !term.tail().is_nil()) left.push_back(term.tail());
  }
  return false;
}

// The value that a condition says the key has, if that is what it says, and the value may stand in a head.
std::optional<Term> key_of(const Term& guard) {
  static const Term key("$1"_atom);
  if (!is_call(guard, "=:="_atom)) return std::nullopt;
  const bool left = guard.element(2) == key;
  if (!left && guard.element(3) != key) return std::nullopt;
  Term value(guard.element(left ? 3 : 2));
  if (value.is_tuple() || value.kind() == TermKind::list) {
    // Any other is an expression.
    if (!value.is_tuple() || value.size() != 2 || value.element(1) != Term("const"_atom)) return std::nullopt;
    value = Term(value.element(2));
  }
  return has_special(value) || has_map(value) ? std::nullopt : std::optional(std::move(value));
}

// An expression with `value` in the place of the key; nothing when it nests deeper than anybody writes.
std::optional<Term> with_key(const TermView& expression, const Term& value, int depth = 0);

std::optional<std::vector<Term>> parts_with_key(const TermView& container, const Term& value, int depth) {
  constexpr int kDepthMax = 200;
  if (depth == kDepthMax) return std::nullopt;
  std::vector<Term> parts;
  for (const TermView part : container.elements()) {
    std::optional<Term> made = with_key(part, value, depth + 1);
    if (!made) return std::nullopt;
    parts.push_back(*std::move(made));
  }
  return parts;
}

std::optional<Term> with_key(const TermView& expression, const Term& value, int depth) {
  static const Term key("$1"_atom);
  static const Term quote("const"_atom);
  if (expression == key) return value;
  if (expression.is_list()) {
    const auto parts = parts_with_key(expression, value, depth);
    return parts ? std::optional(heirloom::list(*parts)) : std::nullopt;
  }
  if (!expression.is_tuple() || expression.size() == 0 || expression.element(1) == quote) return Term(expression);
  // {{...}} is a tuple, whose first element is no name of a function.
  const bool doubled = expression.size() == 1 && expression.element(1).is_tuple();
  const auto parts = parts_with_key(doubled ? expression.element(1) : expression, value, depth);
  if (!parts) return std::nullopt;
  const Term made = heirloom::tuple(*parts);
  return doubled ? heirloom::tuple({made}) : made;
}

}  // namespace

std::vector<Term> record_elements(Atom record, std::size_t members) {
  std::vector<Term> elements{constant(Term(record))};
  for (std::size_t member = 1; member <= members; ++member) elements.emplace_back(Atom("$" + std::to_string(member)));
  return elements;
}

Term record_clause(Atom record, std::size_t members, std::vector<Term> guards, Term body) {
  std::vector<Term> head = record_elements(record, members);
  head.front() = literal(Term(record));
  guards = conjuncts(std::move(guards));
  for (std::size_t i = 0; i < guards.size(); ++i) {
    const std::optional<Term> key = key_of(guards[i]);
    if (!key) continue;
    std::vector<Term> rest = guards;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    rest.push_back(body);
    const std::optional<Term> known = with_key(heirloom::list(rest), constant(*key));
    if (!known) break;
    head[1] = *key;
    guards.clear();
    for (const TermView part : known->elements()) guards.emplace_back(part);
    body = std::move(guards.back());
    guards.pop_back();
    break;
  }

  std::vector<Term> mentioning = guards;
  mentioning.push_back(body);
  std::vector<bool> mentioned(members + 1);
  const Term all = heirloom::list(mentioning);
  term::for_each_atom(all.block().data(), [&](std::uint32_t id) {
    const Atom atom = Atom::from_id(id);
    const auto place = std::find(head.begin() + 1, head.end(), Term(atom));
    if (place != head.end()) mentioned[static_cast<std::size_t>(place - head.begin())] = true;
  });
  for (std::size_t member = 1; member <= members; ++member) {
    if (head[member].is_atom() && matching::is_variable_name(head[member].as_atom().text()) && !mentioned[member])
      head[member] = Term("_"_atom);
  }
  return {heirloom::tuple(head), heirloom::list(guards), heirloom::list({body})};
}

}  // namespace heirloom::query::detail
