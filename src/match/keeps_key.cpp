// SPDX-License-Identifier: Apache-2.0
#include "match/keeps_key.hpp"

#include <utility>
#include <vector>

#include "match/variables.hpp"
#include "term/word.hpp"

namespace heirloom::matching {

namespace {

using term::Kind;

bool is_constant_form(TermView term) {
  return term.is_tuple() && term.size() == 2 && is_atom_named(term.element(1), "const");
}
bool is_tuple_form(TermView term) { return term.is_tuple() && term.size() == 1 && term.element(1).is_tuple(); }

// Whether an expression says the same as a pattern, whatever that matches.
bool says_the_same(TermView pattern, TermView expression, bool constant) {
  struct Pair {
    TermView pattern;
    TermView expression;
    bool constant;
  };
  std::vector<Pair> waiting{{pattern, expression, constant}};
  while (!waiting.empty()) {
    Pair pair = waiting.back();
    waiting.pop_back();
    if (!pair.constant && is_constant_form(pair.expression)) {
      pair.expression = pair.expression.element(2);
      pair.constant = true;
    } else if (!pair.constant && pair.expression.is_tuple()) {
      if (!is_tuple_form(pair.expression)) return false;
      pair.expression = pair.expression.element(1);
    }
    const TermView left = pair.pattern;
    const TermView right = pair.expression;
    if (right.is_map()) return false;
    if (right.is_tuple()) {
      if (!left.is_tuple() || left.size() != right.size()) return false;
      for (std::size_t i = 1; i <= left.size(); ++i)
        waiting.push_back({left.element(i), right.element(i), pair.constant});
    } else if (right.kind() == TermKind::list) {
      if (left.kind() != TermKind::list) return false;
      const auto rest = [](TermView list) { return list.part(term::rest_of_list(list.base(), list.word(), 1)); };
      waiting.push_back({rest(left), rest(right), pair.constant});
      waiting.push_back({left[0], right[0], pair.constant});
    } else if (left != right || is_underscore(left) || is_atom_named(left, "$_") || is_atom_named(left, "$$") ||
               (pair.constant && is_variable(left))) {
      return false;
    }
  }
  return true;
}

bool is_key_of_object(TermView expression, std::size_t keypos) {
  return expression.is_tuple() && expression.size() == 3 && is_atom_named(expression.element(1), "element") &&
         expression.element(2) == Term(keypos).view() && is_atom_named(expression.element(3), "$_");
}

bool keeps_key(const Clause& clause, std::size_t keypos) {
  if (!clause.one_expression) return false;
  if (is_atom_named(clause.body, "$_")) return true;
  const bool constant = is_constant_form(clause.body);
  if (!constant && !is_tuple_form(clause.body)) return false;
  const TermView object = clause.body.element(constant ? 2 : 1);
  if (!clause.head.is_tuple() || clause.head.size() < keypos) return false;
  if (!object.is_tuple() || object.size() < keypos) return false;
  const TermView key = object.element(keypos);
  return says_the_same(clause.head.element(keypos), key, constant) || (!constant && is_key_of_object(key, keypos));
}

}  // namespace

bool keeps_key(const Program& program, std::size_t keypos) {
  for (const Clause& clause : program.clauses) {
    if (!keeps_key(clause, keypos)) return false;
  }
  return true;
}

}  // namespace heirloom::matching
