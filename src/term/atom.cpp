// SPDX-License-Identifier: Apache-2.0
#include "heirloom/atom.hpp"

#include <ostream>

#include "heirloom/error.hpp"
#include "heirloom/pid.hpp"

#include "term/atom_table.hpp"
#include "term/hash.hpp"
#include "term/quoting.hpp"

namespace heirloom {

Atom::Atom(std::string_view text) : id_(term::AtomTable::instance().intern(text)) {}

std::string_view Atom::text() const noexcept { return term::AtomTable::instance().text(id_); }

Atom Atom::from_id(std::uint32_t id) {
  if (!term::AtomTable::instance().has(id)) {
    throw Error(ErrorCode::badarg, "make an atom from its id", "no atom has the id " + std::to_string(id));
  }
  return {FromId{}, id};
}

Atom AtomSpace::to_atom(std::uint32_t id) const { return Atom(text(id)); }

std::uint64_t AtomSpace::hash(std::uint32_t id, std::uint64_t seed) const { return term::hash_bytes(text(id), seed); }

std::ostream& operator<<(std::ostream& out, Atom atom) {
  std::string text;
  term::append_atom(text, atom.text());
  return out << text;
}

std::ostream& operator<<(std::ostream& out, Pid pid) { return out << "<0." << pid.program << '.' << pid.index << '>'; }

}  // namespace heirloom
