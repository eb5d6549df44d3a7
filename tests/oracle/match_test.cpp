// SPDX-License-Identifier: Apache-2.0
//
// Strategy: random match specifications and objects; ets:test_ms/2 of real Erlang and Heirloom's must say the same of them, also what
// is wrong with those that are none. Some are only compiled in 26 and later: those functions are compared where there is such an
// Erlang.
//
// Masked, by name:
//   - own identifiers: {self} and {node} are asked for, but do not become results.
//   - signed zeros, before OTP 27.
//   - made keys: OTP 25.2.3 makes maps that have a key twice.
//   - errors: compared as a set, without the terms in them, which Erlang prints and cuts off in a way of its own.
#include <array>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "heirloom/match_spec.hpp"

#include "environment.hpp"
#include "erlang.hpp"
#include "spec_generator.hpp"
#include "traits.hpp"

namespace heirloom::oracle {
namespace {

using namespace literals;

constexpr std::size_t kBatch = 500;

// What an error says, without the term that it says it of. Erlang cuts a long text off behind it.
std::string error_words(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kOfTerms{
      "called with arguments",   "does_not_exist", "cannot be called", "without arguments",
      "more than one argument",  "wrong dialect",  "is unbound",       "Excessive nesting",
      "neither a function call",
  };
  for (const std::string_view words : kOfTerms) {
    if (text.find(words) != std::string_view::npos) return std::string(words);
  }
  return text.starts_with('{') ? std::string(kOfTerms.back()) : std::string(text);
}

std::set<std::string> errors_of(const TermView& list) {
  std::set<std::string> errors;
  for (const TermView text : list.elements()) errors.insert(error_words(text.as_binary()));
  return errors;
}

Term without_zeros(const Term& term) { return without_signed_zeros(term).value_or(term); }

void compare_answers(const Term& object, const Term& spec, const Term& expected) {
  const MatchTest got = test_ms(object, spec);
  const std::string asked = to_string(Term{object, spec});
  if (expected.element(1) == Term("error"_atom)) {
    std::set<std::string> errors;
    for (const std::string& error : got.errors) errors.insert(error_words(error));
    ASSERT_EQ(errors, errors_of(expected.element(2))) << asked;
    return;
  }
  ASSERT_TRUE(got.errors.empty()) << asked << '\n' << got.errors.front();
  ASSERT_EQ(without_zeros(got.result.value_or(Term(false))), without_zeros(Term(expected.element(2)))) << asked;
}

TEST(MatchSpecs, AreTestedAsByErlang) {
  const std::uint64_t seed = announced_seed();
  const std::uint64_t count = number_from_environment("HEIRLOOM_ORACLE_SPECS", 20'000);
  auto erlang = std::make_unique<Erlang>();
  SpecGenerator generator(seed, {.of_otp_26 = erlang->release() >= 26, .identifiers = false, .made_keys = false});
  for (std::uint64_t done = 0; done < count && !testing::Test::HasFatalFailure(); done += kBatch) {
    if (done % kTermsOfAChild == 0) erlang = std::make_unique<Erlang>();
    std::vector<Term> pairs;
    while (pairs.size() < kBatch) {
      const Term object = generator.object();
      pairs.push_back({object, generator.spec(object)});
    }
    const Term answers = erlang->ask({"test_ms"_atom, as_binaries(pairs)});
    for (std::size_t i = 0; i < pairs.size() && !testing::Test::HasFatalFailure(); ++i) {
      ASSERT_TRUE(answers[i].is_binary()) << pairs[i] << '\n' << answers[i];
      const Term expected = from_external(answers[i].as_binary());
      compare_answers(Term(pairs[i][0]), Term(pairs[i][1]), expected);
    }
  }
}

// Without alternatives of guards, which Erlang puts into one expression, bindings(), which it takes for '$*', and heads that are no
// tuples.
constexpr std::array kFuns{
    "fun({Id, Hits, _}) when Hits > 10 -> Id end",
    "fun(X) -> X end",
    "fun({_, X, Y}) -> {Y, [X, a | X], {}} end",
    "fun({K, V} = Object) when K < V -> Object end",
    "fun(Object = {K, V}) when K < V, is_atom(K) -> {Object, K} end",
    "fun({K, V}) -> object() end",
    "fun({X}) -> X; ({X, Y}) when X =:= Y -> same; (_) -> none end",
    "fun({#{k := V}}) when V >= 1 -> V end",
    "fun({A, B}) -> A + B * 2 - A div 3 rem 4 end",
    "fun({A, B}) -> (A + B) * 2 end",
    "fun({A, B}) -> A band 3 bor B bsl 1 bxor 4 end",
    "fun({A, B}) -> -A end",
    "fun({A, B}) -> A - -3 end",
    "fun({A, B}) -> bnot A + 1 end",
    "fun({A, B}) when A > 1 andalso B =< 2 orelse not is_tuple(A) -> true end",
    "fun({A, B}) when not A and B or A xor B -> true end",
    "fun({A}) -> [self(), node(), element(1, A), erlang:abs(A)] end",
    "fun({A}) when A == \"text\", A =/= <<\"bytes\">>, A /= 1.5, A == $x -> \"a\" \"b\" end",
    "fun({A}) -> 1, {A} end",
};

TEST(MatchSpecs, AreMadeOfFunsAsByErlang) {
  Erlang erlang;
  std::vector<Term> texts;
  for (const char* text : kFuns) texts.emplace_back(text);
  const Term answers = erlang.ask({"fun2ms"_atom, list(texts)});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_TRUE(answers[i].is_binary()) << kFuns[i] << '\n' << answers[i];
    EXPECT_EQ(fun2ms(kFuns[i]), from_external(answers[i].as_binary())) << kFuns[i];
  }
}

}  // namespace
}  // namespace heirloom::oracle
