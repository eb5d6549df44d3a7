// SPDX-License-Identifier: Apache-2.0
//
// Make, tell, hand over and delete tables.
#include <array>
#include <variant>

#include "heirloom/error.hpp"
#include "heirloom/process.hpp"
#include "heirloom/table_info.hpp"
#include "heirloom/table_options.hpp"

#include "ets/functions.hpp"

namespace heirloom::ets {

using namespace literals;

namespace {

Term make(const Arguments& arguments) {
  const Atom name = arguments.atom(0);
  arguments.node().create(name, table_options(arguments[1]));
  return name;
}

Term all(const Arguments& arguments) {
  std::vector<Term> names;
  for (const TableInfo& info : arguments.node().tables()) names.emplace_back(info.name);
  return heirloom::list(names);
}

// Of a table that is not there: undefined.
Term info(const Arguments& arguments) {
  const auto table = arguments.node().find_table(arguments.atom(0));
  if (!table) return "undefined"_atom;
  return arguments.size() == 1 ? to_term(table->info()) : table->info(arguments.atom(1));
}

Term whereis_table(const Arguments& arguments) {
  const Atom name = arguments.atom(0);
  return arguments.node().find_table(name) ? name : "undefined"_atom;
}

Term rename(const Arguments& arguments) {
  arguments.table().rename(arguments.atom(1));
  return arguments[1];
}

// To a process, or to whoever is registered under a name.
Term give_away(const Arguments& arguments) {
  Table table = arguments.table();
  if (arguments[1].is_pid()) {
    table.give_away(arguments[1].as_pid(), arguments[2]);
  } else {
    table.give_away(arguments.atom(1), arguments[2]);
  }
  return done();
}

Protection protection_of(const Term& option) {
  for (const Protection protection :
       {Protection::public_access, Protection::protected_access, Protection::private_access}) {
    if (option.element(2) == Term(Atom(to_string(protection)))) return protection;
  }
  throw Error(ErrorCode::badarg, "set options",
              "expected public, protected or private, found " + to_string(option.element(2)));
}

// {heir,none}, {heir,Process,Data}, {protection,Access}, or a list of these, each once: all are read before the first is set.
Term setopts(const Arguments& arguments) {
  Table table = arguments.table();
  std::optional<std::optional<Heir>> heir;
  std::optional<Protection> protection;
  for (const Term& option : arguments.one_or_several(1)) {
    const bool pair = option.is_tuple() && option.size() >= 2;
    if (pair && option.element(1) == Term("heir"_atom) && !heir) {
      heir = table_options(heirloom::list({option})).heir;
    } else if (pair && option.size() == 2 && option.element(1) == Term("protection"_atom) && !protection) {
      protection = protection_of(option);
    } else {
      throw Error(ErrorCode::badarg, "set options",
                  "{heir,...} and {protection,...} can be set, each once, not " + to_string(option));
    }
  }
  if (heir) table.set_heir(*heir);
  if (protection) table.set_protection(*protection);
  return done();
}

constexpr std::array kTableFunctions{
    Entry{"all", 0, all},
    Entry{"new", 2, make},
    Entry{"delete", 1, [](const Arguments& a) { return a.table().drop(), done(); }},
    Entry{"rename", 2, rename},
    Entry{"info", 1, info},
    Entry{"info", 2, info},
    Entry{"whereis", 1, whereis_table},
    Entry{"give_away", 3, give_away},
    Entry{"setopts", 2, setopts},
};

}  // namespace

std::span<const Entry> table_functions() { return kTableFunctions; }

}  // namespace heirloom::ets
