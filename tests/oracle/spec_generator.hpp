// SPDX-License-Identifier: Apache-2.0
//
// Random match specifications, and objects for them, by a seed. Heads are made of objects, so that they match now and then;
// guards and bodies call every function there is, mostly with arguments that it takes. Some are wrong.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "heirloom/term.hpp"

#include "term_generator.hpp"

namespace heirloom::oracle {

struct Features {
  bool of_otp_26 = true;    // functions that came with it
  bool identifiers = true;  // pids, references, ports and funs, whose order is not the same everywhere
  bool order = true;        // < and its like, of any terms
  bool made_keys = true;    // maps whose keys are computed
  bool wrong = true;        // specifications that are none
};

class SpecGenerator {
 public:
  SpecGenerator(std::uint64_t seed, Features features);

  [[nodiscard]] Term object();
  // For objects like this one.
  [[nodiscard]] Term spec(const Term& object);
  // What matches the object, mostly, with variables and '_' in it.
  [[nodiscard]] Term head(const Term& object);
  // Guards and a body for a head.
  [[nodiscard]] Term clause(const Term& head);
  [[nodiscard]] Term value(int depth);

 private:
  std::uint64_t below(std::uint64_t count) { return random_() % count; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  [[nodiscard]] Term leaf();
  [[nodiscard]] Term number();
  [[nodiscard]] Term pattern(TermView of, int depth);
  [[nodiscard]] Term variable();
  [[nodiscard]] Term expression(int depth);
  [[nodiscard]] Term condition(int depth);
  [[nodiscard]] Term call(int depth);
  [[nodiscard]] Term any_call(int depth);
  [[nodiscard]] Term constant_key();
  [[nodiscard]] Term construct(int depth);
  [[nodiscard]] std::vector<Term> expressions(std::size_t count, int depth);
  [[nodiscard]] Term form(std::string_view name, std::vector<Term> arguments);

  std::mt19937_64 random_;
  TermGenerator terms_;
  Features features_;
  std::vector<Term> bound_;
};

}  // namespace heirloom::oracle
