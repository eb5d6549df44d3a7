// SPDX-License-Identifier: Apache-2.0
//
// Strategy: random specifications and objects; what the compiled program says, and what a plain interpreter of terms says, must be the
// same. Catches what compiling makes wrong: a value that is overwritten before it is used, a branch to a wrong place, a guard that
// is tested for something else. HEIRLOOM_SEED repeats a run, HEIRLOOM_MATCH_SPECS says how many there are.
#include "reference.hpp"

#include <gtest/gtest.h>

#include "heirloom/match_spec.hpp"

#include "environment.hpp"
#include "match/machine.hpp"
#include "reference.hpp"
#include "spec_generator.hpp"
#include "term/other_space.hpp"

namespace heirloom::match_test {
namespace {

std::uint64_t spec_count() { return oracle::number_from_environment("HEIRLOOM_MATCH_SPECS", 60'000); }

// What it says of an object that lies in a table, with atoms of its own.
std::optional<Term> said_of_stored(const MatchSpec& spec, const Term& object) {
  term::OtherSpace atoms;
  std::vector<term::Word> block = atoms.block_of(object);
  block[0] = term::with_offset(block[0], 1);
  const auto id_of = [&](Atom atom) { return atoms.find(atom.text()); };
  matching::Machine machine(spec.program(), {.atoms = &atoms, .id_of = id_of});
  const TermView* const result = machine.run(TermView(block.data(), block[0], &atoms));
  return result != nullptr ? std::optional(Term(*result)) : std::nullopt;
}

TEST(CompiledMatchSpecs, SayWhatAPlainInterpreterSays) {
  const std::uint64_t seed = oracle::announced_seed();
  oracle::SpecGenerator generator(seed, {.identifiers = false});
  std::uint64_t applied = 0;
  for (std::uint64_t i = 0; i < spec_count(); ++i) {
    const Term object = generator.object();
    const Term spec = generator.spec(object);
    const MatchTest got = test_ms(object, spec);
    if (!got.errors.empty()) continue;
    const std::optional<Term> expected = interpret(object, spec);
    ASSERT_EQ(got.result.has_value(), expected.has_value()) << object << '\n' << spec;
    ASSERT_EQ(said_of_stored(MatchSpec(spec), object), expected) << object << '\n' << spec;
    if (!expected) continue;
    ++applied;
    ASSERT_EQ(*got.result, *expected) << object << '\n' << spec;
  }
  EXPECT_GT(applied, spec_count() / 10);
}

}  // namespace
}  // namespace heirloom::match_test
