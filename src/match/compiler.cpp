// SPDX-License-Identifier: Apache-2.0
#include "match/compiler.hpp"

namespace heirloom::matching {

Compiler::Compiler(Program& program) : program_(program) {
  program_.values.push_back(ValueKind::object);
  find_constants();
}

void Compiler::compile_clause(TermView clause) {
  bound_.clear();
  values_.clear();
  const TermView body = clause.element(3);
  Clause made{.head = clause.element(1), .body = body, .one_expression = false, .begin = here(), .body_begin = 0};
  compile_head(made.head);
  if (!errors_.empty()) return;
  compile_guards(clause.element(2));
  made.body_begin = here();
  compile_body(body);
  if (!errors_.empty()) return;
  made.one_expression = body.size() == 1;
  made.body = body[body.size() - 1];
  program_.clauses.push_back(made);
}

Compiled compile(const Term& source) {
  const auto refused = [](std::string error) { return Compiled{nullptr, {std::move(error)}, false}; };
  if (!source.is_list()) return refused("Match programs are not in a list.");
  if (!source.is_proper_list()) return refused("Match programs are not in a proper list.");
  const auto program = std::make_shared<Program>();
  program->source = source;
  const TermView clauses = program->source.view();
  for (const TermView clause : clauses.elements()) {
    if (!clause.is_tuple() || clause.size() != 3) return refused("Match program part is not a tuple of arity 3.");
  }
  Compiler compiler(*program);
  for (const TermView clause : clauses.elements()) {
    compiler.compile_clause(clause);
    if (!compiler.errors().empty()) return {nullptr, compiler.errors(), compiler.too_deep()};
  }
  return {program, {}, false};
}

}  // namespace heirloom::matching
