// SPDX-License-Identifier: Apache-2.0
//
// Random terms of every kind, by a seed. Edges come more often than chance would have them, and variants of a term differ from
// it in one place, so that comparing them goes deep.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "heirloom/term.hpp"

namespace heirloom::oracle {

class TermGenerator {
 public:
  explicit TermGenerator(std::uint64_t seed);

  [[nodiscard]] Term term() { return term(static_cast<int>(below(5))); }
  // The same term but for one value in it, if there is any to change: a number of another type, a neighbour, another size.
  [[nodiscard]] Term variant(TermView of);
  [[nodiscard]] bool flip() { return one_in(2); }

 private:
  std::uint64_t below(std::uint64_t count) { return random_() % count; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

  Term term(int depth);
  Term container(int depth);
  Term leaf();
  Term number();
  Term integer_at_an_edge();
  Term float_at_an_edge();
  Term atom();
  Term bytes();
  Term string();
  Term identifier();
  Term fun(const Term& free);
  std::string text(std::size_t characters_max);
  std::vector<Term> terms(std::size_t count_max, int depth);

  Term variant_of_leaf(TermView leaf);
  Term variant_of_number(TermView number);
  Term variant_of_elements(TermView container);
  Term variant_of_map(TermView map);

  std::mt19937_64 random_;
  std::vector<Term> atoms_;
};

}  // namespace heirloom::oracle
