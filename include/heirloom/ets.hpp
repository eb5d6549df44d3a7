// SPDX-License-Identifier: Apache-2.0
//
// Ets: the functions of Erlang's module `ets`, by name, over terms: for shells, ports and whatever else speaks Erlang. Programs in
// C++ use Node and Table.
//
//   Ets ets(node);
//   ets.call("insert"_atom, {"users"_atom, Term{"alice"_atom, 41}});
//   Term objects = ets.call("lookup"_atom, {"users"_atom, "alice"_atom});   // [{alice,41}]
//
// A table is the atom that it is called by; a continuation is a term that can be stored; of a file, {error,Reason} is an answer. Of
// the rest docs/ets-semantics.md tells. Not here are what takes a fun - foldl, foldr, init_table -, what prints, and what Heirloom
// does not offer (dets, table/1, repair_continuation/2).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "heirloom/atom.hpp"
#include "heirloom/node.hpp"
#include "heirloom/table.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

class Ets {
 public:
  struct Function {
    std::string_view name;
    std::size_t arity;
  };

  explicit Ets(Node node) : node_(std::move(node)) {}

  // Throws what the function of Node or Table throws: `id` when there is no such table, `badarg` also when an argument is not what the
  // function takes, and not_found when there is no function of that name and as many arguments.
  Term call(Atom function, std::span<const Term> arguments);
  Term call(Atom function, std::initializer_list<Term> arguments) {
    return call(function, std::span(arguments.begin(), arguments.size()));
  }
  // The same of a table that is open already, which is the first argument that `arguments` leaves out: it is not looked up by name.
  Term call(const Table& table, Atom function, std::span<const Term> arguments);
  // All of them, by name and arity.
  [[nodiscard]] static std::span<const Function> functions();

  [[nodiscard]] Node& node() noexcept { return node_; }
  [[nodiscard]] const Node& node() const noexcept { return node_; }

 private:
  Node node_;
};

}  // namespace heirloom
