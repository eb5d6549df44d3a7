// SPDX-License-Identifier: Apache-2.0
//
// Strategy: bytes of terms - Heirloom's, and Erlang's in every form that it writes - are damaged at random and given to both
// decoders. Erlang tells which of them are terms, and which. Catches bytes that only one of them takes, and bytes that mean
// something else here. What differs on purpose is masked by name (docs/values.md).
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "byte_mutator.hpp"
#include "environment.hpp"
#include "erlang.hpp"
#include "term_generator.hpp"
#include "traits.hpp"

namespace heirloom::oracle {
namespace {

using namespace literals;

struct Reading {
  std::optional<Term> term;
  std::string refusal;
};

Reading read(const std::string& bytes) {
  try {
    return {from_external(bytes), {}};
  } catch (const Error& error) {
    return {std::nullopt, error.detail()};
  }
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// What Erlang takes and then may die of, so that it is not asked: tags that a VM writes for itself alone, atoms and binaries by
// their address among them; *malformed funs and references*: funs of a wrong length or made by what is no pid, exports whose
// arity is no integer, references without numbers. Nor is it asked about identifiers of its own node, whose numbers it knows.
bool would_endanger_erlang(std::string_view bytes, std::string_view refusal) {
  return bytes.find_first_of("IJK") != std::string_view::npos || contains(bytes, "nonode") ||
         contains(refusal, "fun") || contains(refusal, "a reference has 1 to 5 numbers");
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(byte) / 16];
    text += kDigits[static_cast<unsigned char>(byte) % 16];
  }
  return text;
}

class NearlyTerms : public testing::Test {
 protected:
  static constexpr std::uint64_t kBatch = 500;

  // The bytes of random terms, by both.
  std::vector<std::string> bytes_of_terms(std::uint64_t seed) {
    std::vector<std::string> all;
    while (all.size() < kBatch / 2) all.push_back(to_external(generator_.term()));
    const Term made = erlang_->ask({"generate"_atom, seed, kBatch / 6});
    for (const TermView forms : made.elements()) {
      for (std::size_t form = 1; form <= 3; ++form) all.emplace_back(forms.element(form).as_binary());
    }
    return all;
  }

  std::vector<std::string> damaged(const std::vector<std::string>& all) {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::string bytes = mutator_.mutated(all[i], all[i * 7 % all.size()]);
      if (!would_endanger_erlang(bytes, read(bytes).refusal)) result.push_back(std::move(bytes));
    }
    return result;
  }

  void judge(const std::string& bytes, TermView answer) {
    const Reading reading = read(bytes);
    if (reading.term && erlang_->release() < 27 && !without_signed_zeros(*reading.term)) return;
    ASSERT_EQ(answer.is_binary(), reading.term.has_value()) << hex(bytes) << '\n' << reading.refusal;
    if (!reading.term) return;
    ++terms_;
    ASSERT_EQ(from_external(answer.as_binary()), *reading.term) << hex(bytes);
  }

  std::uint64_t seed_ = announced_seed();
  std::unique_ptr<Erlang> erlang_;
  TermGenerator generator_{seed_};
  ByteMutator mutator_{seed_};
  std::uint64_t terms_ = 0;  // that were terms to both
};

TEST_F(NearlyTerms, AreReadOrRefusedAsByErlang) {
  for (std::uint64_t done = 0; done < term_count() && !HasFailure(); done += kBatch) {
    if (done % kTermsOfAChild == 0) erlang_ = std::make_unique<Erlang>();
    const std::vector<std::string> all = damaged(bytes_of_terms(seed_ + done));
    const Term answers = erlang_->ask({"read"_atom, list(std::vector<Term>(all.begin(), all.end()))});
    ASSERT_EQ(answers.size(), all.size());
    for (std::size_t i = 0; i < all.size() && !HasFailure(); ++i) judge(all[i], answers[i]);
  }
  EXPECT_GT(terms_, 0U);
}

}  // namespace
}  // namespace heirloom::oracle
