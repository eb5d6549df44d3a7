// SPDX-License-Identifier: Apache-2.0
#include "heirloom/typed/reading.hpp"

#include <bit>

#include "term/atom_table.hpp"
#include "term/integer.hpp"
#include "term/word.hpp"
#include "typed/atoms.hpp"

namespace heirloom::typed {

using term::Kind;

namespace {

Elements elements_of(const TermView& container, std::uint64_t first, std::size_t size) noexcept {
  return {container.base(), term::elements_of(container.base(), container.word()) + first, size, container.atoms()};
}

template <typename Integer>
bool assign(const std::optional<Integer>& from, Integer& into) noexcept {
  if (from) into = *from;
  return from.has_value();
}

}  // namespace

bool read_integer(const TermView& view, std::int64_t& into) noexcept {
  if (term::is_small(view.word())) {
    into = term::small_value(view.word());
    return true;
  }
  return term::is_integer(view.word()) && assign(term::to_int64(view), into);
}

bool read_integer(const TermView& view, std::uint64_t& into) noexcept {
  return term::is_integer(view.word()) && assign(term::to_uint64(view), into);
}

bool read_float(const TermView& view, double& into) noexcept {
  if (!term::is_kind(view.word(), Kind::floating)) return false;
  into = std::bit_cast<double>(*term::payload_of(view.base(), view.word()));
  return true;
}

bool read_pid(const TermView& view, Pid& into) noexcept {
  if (!term::is_kind(view.word(), Kind::pid) || view.is_foreign()) return false;
  into = Pid::unpack(*term::payload_of(view.base(), view.word()));
  return true;
}

bool read_binary(const TermView& view, std::string_view& into) noexcept {
  if (!term::is_kind(view.word(), Kind::binary)) return false;
  if (term::size_field(view.word()) == 0) {
    into = {};
  } else {
    into = {reinterpret_cast<const char*>(term::payload_of(view.base(), view.word())),
            term::size_of(view.base(), view.word())};
  }
  return true;
}

bool read_tuple(const TermView& view, std::size_t size, Elements& into) noexcept {
  if (!term::is_kind(view.word(), Kind::tuple) || term::size_field(view.word()) != size) return false;
  into = elements_of(view, 0, size);
  return true;
}

bool read_list(const TermView& view, Elements& into) noexcept {
  if (term::is_nil(view.word())) {
    into = {};
    return true;
  }
  if (!term::is_kind(view.word(), Kind::list)) return false;
  into = elements_of(view, 0, term::size_field(view.word()));
  return true;
}

bool read_map(const TermView& view, Elements& keys, Elements& values) noexcept {
  if (!term::is_kind(view.word(), Kind::map)) return false;
  const std::uint64_t pairs = term::size_field(view.word());
  keys = elements_of(view, 0, pairs);
  values = elements_of(view, pairs, pairs);
  return true;
}

bool is_atom(const TermView& view, Atom atom) {
  if (!term::is_atom(view.word())) return false;
  const std::uint32_t id = term::atom_id(view.word());
  return view.atoms() == nullptr ? id == atom.id() : view.atoms()->text(id) == atom.text();
}

bool is_true(const TermView& view) { return is_atom(view, Atom::from_id(term::AtomTable::kTrue)); }
bool is_false(const TermView& view) { return is_atom(view, Atom::from_id(term::AtomTable::kFalse)); }
bool is_undefined(const TermView& view) { return is_atom(view, undefined_atom()); }

}  // namespace heirloom::typed
