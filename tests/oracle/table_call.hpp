// SPDX-License-Identifier: Apache-2.0
//
// Calls of `ets`, as data: what real Erlang is asked, and Heirloom does through its public API.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "heirloom/heirloom.hpp"

#include "term_generator.hpp"

namespace heirloom::oracle {

struct TableCall {
  Atom function;
  std::vector<Term> arguments;  // without the table

  // {insert,[{1,a}]}
  [[nodiscard]] Term term() const { return {function, list(arguments)}; }
};

// Makes the call: {ok, Result} or {error, Cause}, as erlang.escript answers.
Term perform(Table& table, const TableCall& call);

// Whether all agree on its place in the order: that of identifiers Erlang leaves to the VM (docs/values.md).
bool has_place(const Term& key);

// Random calls of a table with this type and keypos. Keys are few, so that they meet; the rest is anything.
class CallGenerator {
 public:
  CallGenerator(std::uint64_t seed, TableType type, std::int64_t keypos);
  [[nodiscard]] TableCall next();

 private:
  std::uint64_t below(std::uint64_t count) { return random_() % count; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  [[nodiscard]] Term value();
  [[nodiscard]] Term key();
  [[nodiscard]] Term new_key();
  [[nodiscard]] Term object();
  [[nodiscard]] Term objects();
  [[nodiscard]] Term integer();
  [[nodiscard]] Term counter_update();
  [[nodiscard]] Term element_update();
  template <typename Make>
  [[nodiscard]] Term one_or_several(Make make);

  std::mt19937_64 random_;
  TermGenerator terms_;
  TableType type_;
  std::int64_t keypos_;
  bool placed_only_ = false;
  std::vector<Term> keys_;
};

}  // namespace heirloom::oracle
