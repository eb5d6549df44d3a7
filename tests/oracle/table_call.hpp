// SPDX-License-Identifier: Apache-2.0
//
// Calls of `ets`, as data: what real Erlang is asked, and Heirloom does through its public API.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "heirloom/ets.hpp"
#include "heirloom/heirloom.hpp"

#include "spec_generator.hpp"
#include "term_generator.hpp"

namespace heirloom::oracle {

struct TableCall {
  Atom function;
  std::vector<Term> arguments;  // without the table
  bool order_is_known = false;  // of the table: all agree on the order of its keys

  // Whether the order of its result, a list, is that of the table.
  [[nodiscard]] bool has_order_of_table() const;
  // Whether a caller that dies has done all of it or nothing.
  [[nodiscard]] bool is_one_step() const;
  // {insert,[{1,a}]}
  [[nodiscard]] Term term() const { return {function, list(arguments)}; }
};

// Makes the call: {ok, Result} or {error, Cause}, as erlang.escript answers.
Term perform(Ets& ets, Table& table, const TableCall& call);

// Whether all agree on its place in the order: that of identifiers Erlang leaves to the VM (docs/values.md).
bool has_place(const Term& key);

// Random calls of a table with this type and keypos. Keys are few, so that they meet; the rest is anything.
class CallGenerator {
 public:
  CallGenerator(std::uint64_t seed, TableType type, std::int64_t keypos, bool of_otp_26);
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
  [[nodiscard]] static bool has_map(TermView term);
  [[nodiscard]] Term pattern();
  [[nodiscard]] Term spec(bool replaces = false);
  [[nodiscard]] TableCall select();
  [[nodiscard]] TableCall chunks();
  template <typename Make>
  [[nodiscard]] Term one_or_several(Make make);

  std::mt19937_64 random_;
  TermGenerator terms_;
  SpecGenerator specs_;
  TableType type_;
  std::int64_t keypos_;
  bool placed_only_ = false;
  std::vector<Term> keys_;
};

}  // namespace heirloom::oracle
