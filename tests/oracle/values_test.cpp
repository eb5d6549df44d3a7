// SPDX-License-Identifier: Apache-2.0
//
// Strategy: random terms are sent to real Erlang, which is asked what it thinks of them - how it writes them, how it orders
// them, what they look like as text -, and makes terms of its own. Heirloom must say the same of each. What differs on purpose
// is masked by name (traits.hpp, docs/values.md) and nothing else. Catches whatever Erlang does and we believed otherwise.
#include <algorithm>
#include <memory>
#include <numeric>

#include <gtest/gtest.h>

#include "environment.hpp"
#include "erlang.hpp"
#include "term_generator.hpp"
#include "traits.hpp"

namespace heirloom::oracle {
namespace {

using namespace literals;

class Values : public testing::Test {
 protected:
  static constexpr std::size_t kBatch = 500;

  // Calls check(terms) with batches of random terms. Neighbours are often variants of each other.
  template <typename Check>
  void for_batches(Check check) {
    for (std::uint64_t done = 0; done < count_ && !HasFailure(); done += kBatch) {
      if (done % kTermsOfAChild == 0) erlang_ = std::make_unique<Erlang>();
      std::vector<Term> terms;
      while (terms.size() < kBatch) {
        Term term = terms.empty() || generator_.flip() ? generator_.term() : generator_.variant(terms.back());
        if (differs_by_signed_zeros(term)) continue;
        terms.push_back(std::move(term));
      }
      check(terms);
    }
  }

  [[nodiscard]] bool signed_zeros_are_equal() const { return erlang_->release() < 27; }
  [[nodiscard]] bool differs_by_signed_zeros(const Term& term) const {
    return signed_zeros_are_equal() && !without_signed_zeros(term);
  }
  // As this release of Erlang compares it.
  [[nodiscard]] Term as_compared(const Term& term) const {
    return signed_zeros_are_equal() ? without_signed_zeros(term).value() : term;
  }

  [[nodiscard]] Term ask(std::string_view what, const Term& argument) { return erlang_->ask({Atom(what), argument}); }

  std::uint64_t seed_ = announced_seed();
  std::uint64_t count_ = term_count();
  std::unique_ptr<Erlang> erlang_;
  TermGenerator generator_{seed_};
};

TEST_F(Values, AreWrittenAsErlangWritesThem) {
  for_batches([&](const std::vector<Term>& terms) {
    const Term answers = ask("encode", as_binaries(terms));
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const Term& term = terms[i];
      ASSERT_TRUE(answers[i].is_binary()) << term << "\nErlang: " << answers[i];
      if (traits_of(term).same_bytes(erlang_->release())) {
        ASSERT_EQ(answers[i], Term(to_external(term))) << term;
      } else {
        ASSERT_EQ(from_external(answers[i].as_binary()), term);
      }
    }
  });
}

// {A < B, A == B, A =:= B, A > B}
Term compared(const Term& a, const Term& b) {
  const auto order = compare(a, b);
  return {order<0, order == 0, a == b, order> 0};
}

TEST_F(Values, AreOrderedAndEqualAsInErlang) {
  for_batches([&](std::vector<Term> terms) {
    std::erase_if(terms, [](const Term& term) { return traits_of(term).own_identifiers; });
    const Term answer = ask("order", as_binaries(terms));
    std::vector<Term> as_erlang;
    for (const Term& term : terms) as_erlang.push_back(as_compared(term));
    for (std::size_t i = 0; i + 1 < terms.size(); ++i) {
      ASSERT_EQ(answer.element(1)[i], compared(as_erlang[i], as_erlang[i + 1])) << terms[i] << '\n' << terms[i + 1];
    }
    std::vector<std::size_t> order(terms.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return compare(as_erlang[a], as_erlang[b]) < 0; });
    for (std::size_t i = 0; i < order.size(); ++i) {
      ASSERT_EQ(answer.element(2)[i], Term(order[i])) << "at position " << i << " of the sorted list";
    }
  });
}

TEST_F(Values, ReadFromErlangsTextAndPrintedAlike) {
  for_batches([&](std::vector<Term> terms) {
    std::erase_if(terms, [](const Term& term) { return traits_of(term).no_text; });
    const Term answers = ask("print", as_binaries(terms));
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const Term& term = terms[i];
      ASSERT_EQ(answers[i].size(), 2U) << term << "\nErlang: " << answers[i];
      const std::string line(answers[i].element(1).as_binary());
      const std::string lines(answers[i].element(2).as_binary());
      if (traits_of(term).export_names) continue;
      ASSERT_EQ(parse(line), term) << line;
      ASSERT_EQ(parse(lines), term) << lines;
      if (traits_of(term).same_text(erlang_->release())) {
        ASSERT_EQ(to_string(term), line);
      }
    }
  });
}

TEST_F(Values, ReadByErlangFromOurText) {
  for_batches([&](std::vector<Term> terms) {
    std::erase_if(terms, [](const Term& term) { return traits_of(term).no_text; });
    std::vector<Term> texts;
    for (const Term& term : terms) texts.emplace_back(to_string(term));
    const Term answers = ask("parse", list(texts));
    for (std::size_t i = 0; i < terms.size(); ++i) {
      ASSERT_TRUE(answers[i].is_binary()) << terms[i] << "\nErlang: " << answers[i];
      ASSERT_EQ(from_external(answers[i].as_binary()), terms[i]);
    }
  });
}

// Pids, references, ports and funs of a VM, with its own idea of what is random.
TEST_F(Values, OfErlangsOwnAreReadAndWrittenAlike) {
  for (std::uint64_t done = 0; done < count_; done += kBatch) {
    if (done % kTermsOfAChild == 0) erlang_ = std::make_unique<Erlang>();
    const Term answers = erlang_->ask({"generate"_atom, seed_ + done, kBatch});
    for (const TermView answer : answers.elements()) {
      const Term bytes(answer.element(1));
      const Term term = from_external(bytes.as_binary());
      ASSERT_EQ(from_external(answer.element(2).as_binary()), term) << "with atoms in Latin-1";
      ASSERT_EQ(from_external(answer.element(3).as_binary()), term) << "compressed";
      const Traits traits = traits_of(term);
      if (!traits.no_text) {
        ASSERT_EQ(parse(answer.element(4).element(2).as_binary()), term);
      }
      if (differs_by_signed_zeros(term)) continue;
      if (traits.same_bytes(erlang_->release())) {
        ASSERT_EQ(Term(to_external(term)), bytes) << term;
      }
      if (!traits.no_text && traits.same_text(erlang_->release())) {
        ASSERT_EQ(to_string(term), answer.element(4).element(1).as_binary());
      }
    }
  }
}

}  // namespace
}  // namespace heirloom::oracle
