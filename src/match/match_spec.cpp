// SPDX-License-Identifier: Apache-2.0
#include "heirloom/match_spec.hpp"

#include "match/compiler.hpp"
#include "match/machine.hpp"

namespace heirloom {

using namespace literals;

namespace {

MatchSpec clause_of(const Term& pattern, Atom body) {
  return MatchSpec(list({{pattern, list({}), list({Term(body)})}}));
}

}  // namespace

MatchSpec::MatchSpec(const Term& specification) {
  matching::Compiled compiled = matching::compile(specification);
  if (compiled.errors.empty()) {
    program_ = std::move(compiled.program);
    return;
  }
  std::string detail;
  for (const std::string& error : compiled.errors) detail += (detail.empty() ? "" : " ") + error;
  throw Error(compiled.too_deep ? ErrorCode::system_limit : ErrorCode::badarg, "compile a match specification", detail);
}

const Term& MatchSpec::term() const noexcept { return program_->source; }

std::vector<Term> MatchSpec::run(std::span<const Term> terms, Pid self) const {
  matching::Machine machine(program_, {.self = self});
  std::vector<Term> results;
  for (const Term& term : terms) {
    if (const TermView* const result = machine.run(term.view())) results.emplace_back(*result);
  }
  return results;
}

std::optional<Term> MatchSpec::run(const Term& term, Pid self) const {
  std::vector<Term> results = run({&term, 1}, self);
  return results.empty() ? std::nullopt : std::optional(std::move(results.front()));
}

MatchSpec match_pattern(const Term& pattern) { return clause_of(pattern, "$$"_atom); }
MatchSpec match_object_pattern(const Term& pattern) { return clause_of(pattern, "$_"_atom); }
MatchSpec match_delete_pattern(const Term& pattern) { return clause_of(pattern, "true"_atom); }

MatchTest test_ms(const Term& object, const Term& specification, Pid self) {
  matching::Compiled compiled = matching::compile(specification);
  if (!compiled.errors.empty()) return {std::nullopt, std::move(compiled.errors)};
  // Here, as in Erlang, [] is none.
  if (compiled.program->clauses.empty()) return {std::nullopt, {"Match programs are not in a list."}};
  return {MatchSpec(std::move(compiled.program)).run(object, self), {}};
}

}  // namespace heirloom
