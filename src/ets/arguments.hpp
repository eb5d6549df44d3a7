// SPDX-License-Identifier: Apache-2.0
//
// The arguments of a function of ets, as what Node and Table take; and what these return, as Erlang says it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "heirloom/node.hpp"
#include "heirloom/table.hpp"
#include "heirloom/term.hpp"

namespace heirloom::ets {

// Of one call. Each function throws Error{badarg}, which says what the argument is and what it should be.
class Arguments {
 public:
  // `table`: the one that the first argument names, where that is known.
  Arguments(Node& node, std::span<const Term> terms, const Table* table = nullptr) noexcept
      : node_(node), terms_(terms), table_(table) {}

  [[nodiscard]] Node& node() const noexcept { return node_; }
  [[nodiscard]] std::size_t size() const noexcept { return terms_.size(); }
  [[nodiscard]] const Term& operator[](std::size_t index) const noexcept { return terms_[index]; }

  // The first one. Error{id}: there is no such table.
  [[nodiscard]] Table table() const;
  [[nodiscard]] Atom atom(std::size_t index) const;
  [[nodiscard]] bool boolean(std::size_t index) const;
  [[nodiscard]] std::int64_t integer(std::size_t index) const;
  [[nodiscard]] std::size_t count(std::size_t index) const;  // of at least 1
  // A list, or one that is none as a list of itself.
  [[nodiscard]] std::vector<Term> one_or_several(std::size_t index) const;
  [[nodiscard]] std::vector<Term> list(std::size_t index) const;
  // A name, as Erlang takes it: a list of characters, a binary, or an atom.
  [[nodiscard]] std::string file_name(std::size_t index) const;

 private:
  [[noreturn]] void refuse(std::size_t index, const std::string& expected) const;

  Node& node_;
  std::span<const Term> terms_;
  const Table* table_;
};

// Error{badarg}: it is no integer, or none of 64 bits.
[[nodiscard]] std::int64_t integer_of(TermView term);
[[nodiscard]] std::vector<Term> elements_of(TermView container);
[[nodiscard]] Term boolean(bool value);                // the atom
[[nodiscard]] Term done();                             // true, of what has nothing else to say
[[nodiscard]] Term or_end(std::optional<Term> found);  // '$end_of_table'
[[nodiscard]] Term list_of(const Objects& objects);
[[nodiscard]] Term key_objects(const std::optional<KeyObjects>& found);

}  // namespace heirloom::ets
