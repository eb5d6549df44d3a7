// SPDX-License-Identifier: Apache-2.0
#include "heirloom/query.hpp"

#include "match/variables.hpp"
#include "term/block.hpp"

namespace heirloom::query::detail {

using namespace literals;

namespace {

bool is_special(std::string_view atom) {
  return atom == "_" || atom == "$_" || atom == "$$" || matching::is_variable_name(atom);
}

}  // namespace

bool has_special(const Term& value) {
  bool found = false;
  term::for_each_atom(value.block().data(),
                      [&](std::uint32_t id) { found = found || is_special(Atom::from_id(id).text()); });
  return found;
}

Term constant(const Term& value) {
  const bool container = value.is_tuple() || value.kind() == TermKind::list || value.is_map();
  return container || has_special(value) ? Term{"const"_atom, value} : value;
}

Term literal(const Term& value) {
  if (has_special(value))
    throw Error(ErrorCode::badarg, "make a head", "in a head, " + to_string(value) + " would match more than itself");
  return value;
}

Term call(const char* name, std::span<const Term> arguments) {
  std::vector<Term> form{Term(Atom(name))};
  form.insert(form.end(), arguments.begin(), arguments.end());
  return heirloom::tuple(form);
}

MatchSpec spec_of(std::span<const Term> clauses) { return MatchSpec(heirloom::list(clauses)); }

}  // namespace heirloom::query::detail
