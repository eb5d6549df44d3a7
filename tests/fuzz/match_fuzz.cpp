// SPDX-License-Identifier: Apache-2.0
//
// Match specifications, as text: a list of clauses, or a fun. What compiles is run over some objects, and must say of them what a plain
// interpreter says. The same text is evaluated, as a statement that somebody types in a shell.
#include <array>
#include <stdexcept>

#include "heirloom/evaluator.hpp"
#include "heirloom/match_spec.hpp"

#include "../match/reference.hpp"
#include "judge.hpp"

using namespace heirloom;
using namespace heirloom::fuzz;

namespace {

Term spec_of(std::string_view text) { return text.starts_with("fun") ? fun2ms(text) : parse(text, kLimits); }

const std::array<Term, 4>& objects() {
  static const std::array<Term, 4> all{parse("{a,1}"), parse("{1,[a,b|c],#{k=>{v}}}"), parse("{<<1,2:3>>,-2.5,1}"),
                                       parse("{k}")};
  return all;
}

void run(const Term& spec) {
  for (const Term& object : objects()) {
    const MatchTest tested = test_ms(object, spec);
    if (!tested.errors.empty()) return;
    try {
      require(tested.result == match_test::interpret(object, spec));
    } catch (const std::logic_error&) {  // what the interpreter cannot know
    }
  }
}

// What is no more than the beginning of a statement is none.
void evaluate(std::string_view text) {
  const auto [bytes, complete] = Evaluator::first_statement(text);
  require(bytes <= text.size() && (bytes != 0 || text.empty()));
  Evaluator evaluator(
      [](const Evaluator::Call& call) { return call.arguments.empty() ? Term() : call.arguments.front(); });
  try {
    evaluator.evaluate(text.substr(0, bytes));
    require(complete);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::syntax || error.code() == ErrorCode::system_limit ||
            error.code() == ErrorCode::badarg);
    require(complete || error.code() != ErrorCode::badarg);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  evaluate(as_bytes(data, size));
  try {
    run(spec_of(as_bytes(data, size)));
  } catch (const Error& error) {
    require(error.code() == ErrorCode::syntax || error.code() == ErrorCode::system_limit);
  }
  return 0;
}
