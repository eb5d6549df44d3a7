// SPDX-License-Identifier: Apache-2.0
//
// What terms and views tell about themselves.
#include <array>
#include <bit>
#include <string>

#include "heirloom/term.hpp"

#include "term/compare.hpp"
#include "term/identifier.hpp"
#include "term/integer.hpp"
#include "term/term_kind.hpp"
#include "term/word.hpp"

namespace heirloom {

using term::Kind;
using term::Word;

namespace {

[[noreturn, gnu::cold]] void refuse(std::string_view wanted, TermView term) {
  throw Error(ErrorCode::type, "read " + std::string(wanted),
              "the term is of the kind " + std::string(to_string(term.kind())));
}

void require(TermView term, TermKind kind, std::string_view wanted) {
  if (term::term_kind(term.word()) != kind) [[unlikely]]
    refuse(wanted, term);
}

[[noreturn, gnu::cold]] void refuse_position(std::string_view place, std::size_t number, std::size_t size) {
  throw Error(ErrorCode::position, "read an element",
              "there is none at " + std::string(place) + ' ' + std::to_string(number) + " of " + std::to_string(size));
}

[[noreturn, gnu::cold]] void refuse_size(std::string_view type) {
  throw Error(ErrorCode::system_limit, "read an integer", "it does not fit " + std::string(type));
}

[[noreturn, gnu::cold]] void refuse_foreign_pid(std::string_view node) {
  throw Error(ErrorCode::type, "read a pid", "it is of another node, " + std::string(node));
}

// Elements of a container from `first` on.
ElementRange range_of(TermView term, std::uint64_t first, std::uint64_t count) noexcept {
  return {term, {term::elements_of(term.base(), term.word()) + first, count}};
}

}  // namespace

std::string_view to_string(TermKind kind) noexcept {
  constexpr std::array<std::string_view, 12> kNames = {"integer", "floating", "atom", "reference", "fun",  "port",
                                                       "pid",     "tuple",    "map",  "nil",       "list", "bitstring"};
  return kNames[static_cast<std::size_t>(kind)];
}

TermView TermView::of_block(const std::uint64_t* block, const AtomSpace* atoms) noexcept {
  return {block, term::root_of(block), atoms};
}

template <typename Self>
TermView TermReading<Self>::self() const noexcept {
  return static_cast<const Self&>(*this);
}

template <typename Self>
TermKind TermReading<Self>::kind() const noexcept {
  return term::term_kind(self().word());
}

template <typename Self>
bool TermReading<Self>::is_proper_list() const noexcept {
  return is_list() && !term::is_kind(self().word(), Kind::improper_list);
}

template <typename Self>
bool TermReading<Self>::is_binary() const noexcept {
  return term::is_kind(self().word(), Kind::binary);
}

template <typename Self>
std::int64_t TermReading<Self>::as_large_int64() const {
  static_assert(term::make_small(0) == kSmallTag && term::kTagBits == kTagBits);
  const TermView view = self();
  require(view, TermKind::integer, "an integer");
  const auto value = term::to_int64(view);
  if (!value) refuse_size("64 bits with a sign");
  return *value;
}

template <typename Self>
bool TermReading<Self>::is_large_int64() const noexcept {
  return is_integer() && term::to_int64(self()).has_value();
}

template <typename Self>
std::uint64_t TermReading<Self>::as_uint64() const {
  require(self(), TermKind::integer, "an integer");
  const auto value = term::to_uint64(self());
  if (!value) refuse_size("64 bits without a sign");
  return *value;
}

template <typename Self>
double TermReading<Self>::as_double() const {
  require(self(), TermKind::floating, "a float");
  return std::bit_cast<double>(*term::payload_of(self().base(), self().word()));
}

template <typename Self>
Atom TermReading<Self>::as_atom() const {
  const TermView view = self();
  require(view, TermKind::atom, "an atom");
  const std::uint32_t id = term::atom_id(view.word());
  return view.atoms() != nullptr ? view.atoms()->to_atom(id) : Atom::from_id(id);
}

template <typename Self>
bool TermReading<Self>::as_bool() const {
  require(self(), TermKind::atom, "a boolean");
  const std::string_view text = as_atom().text();
  if (text != "true" && text != "false") {
    throw Error(ErrorCode::type, "read a boolean", "the atom is neither true nor false");
  }
  return text == "true";
}

template <typename Self>
Pid TermReading<Self>::as_pid() const {
  const TermView view = self();
  require(view, TermKind::pid, "a pid");
  if (term::is_foreign(view.base(), view.word())) refuse_foreign_pid(node_name());
  return Pid::unpack(*term::payload_of(view.base(), view.word()));
}

template <typename Self>
std::string_view TermReading<Self>::node_name() const {
  const TermView view = self();
  if (!term::is_identifier(view.word())) refuse("the node of a pid, reference or port", view);
  return term::identifier_of(view.base(), view.word()).node;
}

template <typename Self>
bool TermReading<Self>::is_foreign() const noexcept {
  const TermView view = self();
  return term::is_identifier(view.word()) && term::is_foreign(view.base(), view.word());
}

template <typename Self>
std::string_view TermReading<Self>::as_binary() const {
  const TermView view = self();
  if (!is_binary()) refuse("a binary", view);
  if (term::size_field(view.word()) == 0) return {};
  return {reinterpret_cast<const char*>(term::payload_of(view.base(), view.word())),
          term::size_of(view.base(), view.word())};
}

template <typename Self>
std::size_t TermReading<Self>::size() const {
  const TermView view = self();
  switch (view.kind()) {
    case TermKind::nil: return 0;
    case TermKind::bitstring: return (bit_size() + 7) / 8;
    case TermKind::tuple:
    case TermKind::list:
    case TermKind::map: return term::size_field(view.word());
    default: refuse("the size of a tuple, list, map or bitstring", view);
  }
}

template <typename Self>
std::size_t TermReading<Self>::bit_size() const {
  const TermView view = self();
  require(view, TermKind::bitstring, "the bits of a bitstring");
  if (term::size_field(view.word()) == 0) return 0;
  const std::uint64_t size = term::size_of(view.base(), view.word());
  return is_binary() ? size * 8 : size;
}

template <typename Self>
TermView TermReading<Self>::element(std::size_t position) const {
  const TermView view = self();
  require(view, TermKind::tuple, "an element of a tuple");
  if (position == 0 || position > term::size_field(view.word())) refuse_position("position", position, size());
  return view.part(term::elements_of(view.base(), view.word())[position - 1]);
}

template <typename Self>
ElementRange TermReading<Self>::elements() const {
  const TermView view = self();
  if (view.is_nil()) return {view, {}};
  if (!view.is_tuple() && !view.is_list()) refuse("the elements of a tuple or list", view);
  return range_of(view, 0, term::size_field(view.word()));
}

template <typename Self>
TermView TermReading<Self>::operator[](std::size_t index) const {
  const ElementRange range = elements();
  if (index >= range.size()) refuse_position("index", index, range.size());
  return range[index];
}

template <typename Self>
TermView TermReading<Self>::tail() const {
  const TermView view = self();
  if (!view.is_list()) refuse("the tail of a list", view);
  if (view.is_proper_list()) return {};
  return range_of(view, 0, term::element_words(view.word()))[term::size_field(view.word())];
}

template <typename Self>
ElementRange TermReading<Self>::keys() const {
  require(self(), TermKind::map, "the keys of a map");
  return range_of(self(), 0, size());
}

template <typename Self>
ElementRange TermReading<Self>::values() const {
  require(self(), TermKind::map, "the values of a map");
  return range_of(self(), size(), size());
}

template <typename Self>
std::optional<TermView> TermReading<Self>::find(TermView key) const {
  const ElementRange keys = this->keys();
  std::size_t begin = 0;
  std::size_t end = keys.size();
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    const auto order = term::compare(keys[middle], key, term::Numbers::by_type);
    if (order == 0) return values()[middle];
    (order < 0 ? begin : end) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

template <typename Self>
std::optional<TermView> TermReading<Self>::find(const Term& key) const {
  return find(key.view());
}

template class TermReading<TermView>;
template class TermReading<Term>;

}  // namespace heirloom
