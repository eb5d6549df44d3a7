// SPDX-License-Identifier: Apache-2.0
#include "traits.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

#include "term/block.hpp"
#include "term/fun.hpp"
#include "term/identifier.hpp"
#include "term/validate.hpp"

namespace heirloom::oracle {

namespace {

bool has_atom_keys(const term::Word* block, term::Word map) {
  const term::Word* keys = term::elements_of(block, map);
  return std::count_if(keys, keys + term::size_field(map), [](term::Word key) { return term::is_atom(key); }) > 1;
}

bool is_reserved_word(term::Word word) {
  if (!term::is_atom(word)) return false;
  const std::string_view text = Atom::from_id(term::atom_id(word)).text();
  return text == "maybe" || text == "else";
}

// As every writer of Erlang writes it: without quotation marks.
bool is_plain(term::Word atom) {
  const std::string_view name = Atom::from_id(term::atom_id(atom)).text();
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos &&
         to_string(Term(Atom(name))) == name;
}

bool has_plain_names(const term::Word* block, term::Word function) {
  const term::Word* elements = term::elements_of(block, function);
  return is_plain(elements[0]) && is_plain(elements[1]);
}

}  // namespace

Traits traits_of(const Term& term) {
  constexpr std::uint64_t kFlatMapMax = 32;
  Traits traits;
  const term::Word* block = term.block().data();
  term::for_each_word(block, [&](term::Word word) {
    if (term::is_identifier(word)) {
      traits.no_text = true;
      if (!term::is_foreign(block, word)) traits.own_identifiers = true;
    }
    if (term::is_kind(word, term::Kind::fun) && !term::is_export(word)) traits.no_text = traits.made_funs = true;
    if (term::is_kind(word, term::Kind::fun) && term::is_export(word) && !has_plain_names(block, word)) {
      traits.export_names = true;
    }
    if (term::is_kind(word, term::Kind::map) && term::size_field(word) > kFlatMapMax) traits.large_maps = true;
    if (term::is_kind(word, term::Kind::map) && has_atom_keys(block, word)) traits.atom_keys = true;
    if (is_reserved_word(word)) traits.reserved_words = true;
  });
  return traits;
}

std::optional<Term> without_signed_zeros(const Term& term) {
  Term result = term;
  term::Word* block = result.writable_block().data();
  term::for_each_word(block, [&](term::Word word) {
    if (!term::is_kind(word, term::Kind::floating)) return;
    term::Word& bits = block[term::offset_field(word)];
    if (bits == std::bit_cast<term::Word>(-0.0)) bits = std::bit_cast<term::Word>(0.0);
  });
  if (!term::validate_block(result.block(), Atom::kAtomsMax, nullptr).ok()) return std::nullopt;
  return result;
}

}  // namespace heirloom::oracle
