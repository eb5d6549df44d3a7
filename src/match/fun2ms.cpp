// SPDX-License-Identifier: Apache-2.0
//
// Funs as match specifications: what ets:fun2ms/1 and its parse transform do.
#include <map>
#include <string>
#include <utility>

#include "heirloom/match_spec.hpp"

#include "match/expression.hpp"
#include "match/variables.hpp"

namespace heirloom {

using namespace literals;
using matching::Expression;
using matching::FunClause;

namespace {

class Translator {
 public:
  Translator(std::string_view text, const std::map<std::string, Term>& surroundings)
      : text_(text), lexer_(text, term::Grammar::expressions), surroundings_(surroundings) {}

  Term run() {
    std::vector<Term> clauses;
    for (const FunClause& clause : matching::read_fun(lexer_, text_)) translate(clause, clauses);
    return list(clauses);
  }

 private:
  // Alternatives of guards become clauses with the same head: so one that raises an exception leaves the others.
  void translate(const FunClause& clause, std::vector<Term>& into) {
    variables_.clear();
    const Term head = head_of(clause.heads.front());
    const Term body = all_of(clause.body);
    if (clause.guards.empty()) into.push_back({head, list({}), body});
    for (const auto& guards : clause.guards) into.push_back({head, all_of(guards), body});
  }

  // `Object = {...}` names the whole object.
  Term head_of(const Expression& head) {
    if (head.kind != Expression::Kind::match) return pattern(head);
    const bool first = head.parts[0].kind == Expression::Kind::variable;
    const Expression& name = head.parts[first ? 0 : 1];
    if (name.kind != Expression::Kind::variable)
      refuse(head, "on one side of `=` a variable is expected, for the whole object");
    const Term made = pattern(head.parts[first ? 1 : 0]);
    if (name.name != "_" && !variables_.emplace(name.name, Term("$_"_atom)).second)
      refuse(name, "the variable " + name.name + " has a value already");
    return made;
  }

  Term pattern(const Expression& part) {
    switch (part.kind) {
      case Expression::Kind::literal:
        if (means_something(part.value))
          refuse(part, "in a head the atom " + to_string(part.value) + " would match more than itself");
        return part.value;
      case Expression::Kind::variable:
        if (part.name == "_") return Term("_"_atom);
        return variables_.try_emplace(part.name, Atom("$" + std::to_string(variables_.size() + 1))).first->second;
      case Expression::Kind::tuple: return tuple(each(part.parts, &Translator::pattern));
      case Expression::Kind::list: return list_of(each(part.parts, &Translator::pattern));
      case Expression::Kind::map: return map_of(part, [this](const Expression& value) { return pattern(value); });
      case Expression::Kind::match: refuse(part, "`=` is for the whole object only");
      default: break;
    }
    refuse(part, "a pattern is expected, and " + part.name + " is a function");
  }

  Term expression(const Expression& part) {
    switch (part.kind) {
      case Expression::Kind::literal: return means_something(part.value) ? Term{"const"_atom, part.value} : part.value;
      case Expression::Kind::variable: {
        if (const auto found = variables_.find(part.name); found != variables_.end()) return found->second;
        const auto around = surroundings_.find(part.name);
        if (around == surroundings_.end()) refuse(part, "the variable " + part.name + " has no value");
        return Term{"const"_atom, around->second};
      }
      case Expression::Kind::tuple: return tuple({tuple(each(part.parts, &Translator::expression))});
      case Expression::Kind::list: return list_of(each(part.parts, &Translator::expression));
      case Expression::Kind::map: return map_of(part, [this](const Expression& value) { return expression(value); });
      case Expression::Kind::match: refuse(part, "`=` is for heads");
      default: break;
    }
    // In a specification these are no functions, but forms.
    if (part.name == "const" || part.name == "andthen") refuse(part, part.name + " is no function");
    if (part.parts.empty() && part.name == "object") return Term("$_"_atom);
    if (part.parts.empty() && part.name == "bindings") return Term("$$"_atom);
    std::vector<Term> form = each(part.parts, &Translator::expression);
    form.insert(form.begin(), Term(Atom(part.name)));
    return tuple(form);
  }

  Term all_of(const std::vector<Expression>& expressions) { return list(each(expressions, &Translator::expression)); }

  std::vector<Term> each(const std::vector<Expression>& parts, Term (Translator::*say)(const Expression&)) {
    std::vector<Term> made;
    for (const Expression& part : parts) made.push_back((this->*say)(part));
    return made;
  }

  static Term list_of(std::vector<Term> parts) {
    const Term tail = std::move(parts.back());
    parts.pop_back();
    return improper_list(parts, tail);
  }

  // Keys are literals, also where Erlang could compute them.
  template <typename Value>
  Term map_of(const Expression& part, const Value& value) {
    std::vector<std::pair<Term, Term>> pairs;
    for (std::size_t i = 0; i < part.parts.size(); i += 2) {
      const Expression& key = part.parts[i];
      if (key.kind != Expression::Kind::literal || means_something(key.value))
        refuse(key, "the key of a map must be a plain value here");
      pairs.emplace_back(key.value, value(part.parts[i + 1]));
    }
    return map(pairs);
  }

  // Atoms that are more than themselves in a match specification.
  static bool means_something(const Term& term) {
    return matching::is_variable(term) || matching::is_underscore(term) || matching::is_atom_named(term, "$_") ||
           matching::is_atom_named(term, "$$");
  }

  [[noreturn]] void refuse(const Expression& part, const std::string& what) const { lexer_.refuse(part.begin, what); }

  std::string_view text_;
  term::Lexer lexer_;
  const std::map<std::string, Term>& surroundings_;
  std::map<std::string, Term> variables_;
};

}  // namespace

Term fun2ms(std::string_view text, const std::map<std::string, Term>& surroundings) try {
  return Translator(text, surroundings).run();
} catch (const Error& error) {
  throw Error(error.code(), "read a fun", error.detail());
}

}  // namespace heirloom
