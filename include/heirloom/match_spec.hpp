// SPDX-License-Identifier: Apache-2.0
//
// MatchSpec: a match specification of `ets`, compiled: which objects, and what of each. A list of clauses {Head, Guards, Body},
// tried in turns; the first whose head matches an object and whose guards are all true says what its body says.
//
//   const MatchSpec busy(parse("[{{'$1','$2','_'}, [{'>','$2',10}], ['$1']}]"));
//   for (const Term& name : table.select(busy)) std::cout << name << '\n';
//
// The dialect is that of OTP 28 for tables (docs/match-specifications.md). A specification is compiled once, is immutable, cheap to
// copy, and may be used by any thread, for any table. Where one is taken, a Term will do.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

namespace matching {
struct Program;
}

class MatchSpec {
 public:
  // Throws Error{badarg} that says what is wrong, in Erlang's words ("Variable $7 is unbound."), and Error{system_limit} when
  // expressions are nested more than 10,000 deep. Unlike ets:match_spec_compile/1 it takes [], which applies to nothing.
  MatchSpec(const Term& specification);

  // What it was made of.
  [[nodiscard]] const Term& term() const noexcept;

  // ets:match_spec_run/2: what it says of each of these, in their order, and nothing of those to which no clause applies. They
  // may be any terms. `self` is what {self} is.
  [[nodiscard]] std::vector<Term> run(std::span<const Term> terms, Pid self = {}) const;
  [[nodiscard]] std::optional<Term> run(const Term& term, Pid self = {}) const;

  friend bool operator==(const MatchSpec& left, const MatchSpec& right) { return left.term() == right.term(); }

  explicit MatchSpec(std::shared_ptr<const matching::Program> program) noexcept : program_(std::move(program)) {}
  [[nodiscard]] const std::shared_ptr<const matching::Program>& program() const noexcept { return program_; }

 private:
  std::shared_ptr<const matching::Program> program_;
};

// ets:match/2, ets:match_object/2 and ets:match_delete/2 as specifications of a pattern: the bindings of its variables, in the
// order of their numbers; the object; true. Errors: as MatchSpec.
[[nodiscard]] MatchSpec match_pattern(const Term& pattern);
[[nodiscard]] MatchSpec match_object_pattern(const Term& pattern);
[[nodiscard]] MatchSpec match_delete_pattern(const Term& pattern);

// ets:fun2ms/1, of a fun as text: fun({Id, Hits, _}) when Hits > 10 -> Id end. Its argument is the object, `Object = {...}` names all of
// it, guards and body may call what a specification may, object() and bindings() among them. Variables that its head does not bind have
// the values that `surroundings` gives them. Returns the specification. Throws Error{syntax} that says where and what, and
// Error{system_limit} when it nests more than 200 deep.
[[nodiscard]] Term fun2ms(std::string_view text, const std::map<std::string, Term>& surroundings = {});

// ets:test_ms/2. `errors` says what is wrong with the specification; then there is no result. No result and no errors: no clause
// applies, where Erlang says false.
struct MatchTest {
  std::optional<Term> result;
  std::vector<std::string> errors;
};
[[nodiscard]] MatchTest test_ms(const Term& object, const Term& specification, Pid self = {});

}  // namespace heirloom
