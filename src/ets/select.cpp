// SPDX-License-Identifier: Apache-2.0
//
// select and its sisters. A continuation is {Table,Continuation}, so that it can be gone on with by itself, or '$end_of_table'.
#include <array>

#include "heirloom/error.hpp"
#include "heirloom/match_spec.hpp"

#include "ets/functions.hpp"
#include "term/characters.hpp"

namespace heirloom::ets {

using namespace literals;

namespace {

Term chunk_of(const Term& table, const std::optional<Chunk>& chunk) {
  if (!chunk) return or_end(std::nullopt);
  const Term rest = chunk->rest ? Term{table, chunk->rest->to_term()} : or_end(std::nullopt);
  return {heirloom::list(chunk->matches), rest};
}

Term first_chunk(const Arguments& a, const MatchSpec& spec) {
  return chunk_of(a[0], a.table().select(spec, a.count(2)));
}

Term next_chunk(const Arguments& arguments) {
  const Term& continuation = arguments[0];
  if (continuation == or_end(std::nullopt)) return continuation;
  if (!continuation.is_tuple() || continuation.size() != 2)
    throw Error(ErrorCode::badarg, "argument 1", "expected a continuation, found " + to_string(continuation));
  const Term table(continuation.element(1));
  return chunk_of(
      table,
      Arguments(arguments.node(), {&table, 1}).table().select(Continuation::from_term(Term(continuation.element(2)))));
}

Term test(const Arguments& arguments) {
  const MatchTest tested = test_ms(arguments[0], arguments[1], self());
  if (tested.errors.empty()) return {"ok"_atom, tested.result.value_or(Term(false))};
  std::vector<Term> errors;
  for (const std::string& error : tested.errors)
    errors.push_back({"error"_atom, term::characters(error).value_or(Term(error))});
  return {"error"_atom, heirloom::list(errors)};
}

constexpr std::array kSelectFunctions{
    Entry{"select", 1, next_chunk},
    Entry{"select", 2, [](const Arguments& a) { return heirloom::list(a.table().select(a[1])); }},
    Entry{"select", 3, [](const Arguments& a) { return first_chunk(a, a[1]); }},
    Entry{"select_reverse", 1, next_chunk},
    Entry{"select_reverse", 2, [](const Arguments& a) { return heirloom::list(a.table().select_reverse(a[1])); }},
    Entry{"select_reverse", 3,
          [](const Arguments& a) { return chunk_of(a[0], a.table().select_reverse(a[1], a.count(2))); }},
    Entry{"select_count", 2, [](const Arguments& a) { return Term(a.table().select_count(a[1])); }},
    Entry{"select_delete", 2, [](const Arguments& a) { return Term(a.table().select_delete(a[1])); }},
    Entry{"select_replace", 2, [](const Arguments& a) { return Term(a.table().select_replace(a[1])); }},
    Entry{"match", 1, next_chunk},
    Entry{"match", 2, [](const Arguments& a) { return heirloom::list(a.table().match(a[1])); }},
    Entry{"match", 3, [](const Arguments& a) { return first_chunk(a, match_pattern(a[1])); }},
    Entry{"match_object", 1, next_chunk},
    Entry{"match_object", 2, [](const Arguments& a) { return heirloom::list(a.table().match_object(a[1])); }},
    Entry{"match_object", 3, [](const Arguments& a) { return first_chunk(a, match_object_pattern(a[1])); }},
    Entry{"match_delete", 2, [](const Arguments& a) { return a.table().match_delete(a[1]), done(); }},
    Entry{"match_spec_compile", 1, [](const Arguments& a) { return MatchSpec(a[0]).term(); }},
    Entry{"match_spec_run", 2,
          [](const Arguments& a) { return heirloom::list(MatchSpec(a[1]).run(a.list(0), self())); }},
    Entry{"is_compiled_ms", 1, [](const Arguments&) { return boolean(false); }},
    Entry{"test_ms", 2, test},
};

}  // namespace

std::span<const Entry> select_functions() { return kSelectFunctions; }

}  // namespace heirloom::ets
