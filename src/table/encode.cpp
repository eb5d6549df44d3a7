// SPDX-License-Identifier: Apache-2.0
//
// Keys and objects on their way in and out: checked, hashed, and translated between the atoms of this program and those of
// the segment.
#include <cstring>
#include <string>

#include "table/table.hpp"
#include "term/block.hpp"
#include "term/hash.hpp"

namespace heirloom::table {

namespace {

[[noreturn]] void refuse_object(const Term& object, std::uint64_t keypos) {
  const auto refuse = [&](ErrorCode code, const std::string& what) -> void {
    std::string text = to_string(object);
    if (text.size() > 80) text = text.substr(0, 77) + "...";
    throw Error(code, "insert", what + ": " + text);
  };
  if (!object.is_tuple()) refuse(ErrorCode::badarg, "an object must be a tuple");
  if (object.size() < keypos) {
    refuse(ErrorCode::badarg, "the object has " + std::to_string(object.size()) +
                                  " elements, and its key should be at position " + std::to_string(keypos));
  }
  throw Error(ErrorCode::system_limit, "insert", "an object has at most 16777215 elements and 256 MiB");
}

}  // namespace

std::optional<Key> Table::find_other_key(TermView key) const {
  const std::uint64_t word = key.word();
  if (term::is_atom(word)) {
    const auto id = dictionary_.find(key.atoms() == nullptr ? term::atom_id(word) : key.as_atom().id());
    if (!id) return std::nullopt;
    return Key{term::hash(key, seed_), key, term::make_atom(*id)};
  }
  return Key{term::hash(key, seed_), key, term::is_nil(word) ? word : 0};
}

bool Table::has_other_key(const StoredObject& object, std::uint64_t word, const Key& key) const {
  if (term::is_kind(word, term::Kind::binary) && term::is_kind(key.view.word(), term::Kind::binary)) {
    const std::uint64_t bytes = term::size_of(object.block(), word);
    return bytes == term::size_of(key.view.base(), key.view.word()) &&
           std::memcmp(term::payload_of(object.block(), word), term::payload_of(key.view.base(), key.view.word()),
                       bytes) == 0;
  }
  return object.view(keypos_, dictionary_) == key.view;
}

std::uint64_t Table::hash_of(const StoredObject& object) const {
  return term::hash(object.view(keypos_, dictionary_), seed_);
}

EncodedObject Table::encode(const Term& object) const {
  EncodedObject encoded{};
  encoded.words = object.block();
  const std::uint64_t root = encoded.words[0];
  const std::uint64_t arity = term::is_kind(root, term::Kind::tuple) ? term::size_field(root) : 0;
  if (arity < keypos_ || arity > kArityMax || encoded.words.size_bytes() > shm::kBlockBytesMax) [[unlikely]] {
    refuse_object(object, keypos_);
  }
  encoded.root = stored_root(arity, encoded.words.size(), 0);
  bool atoms = false;
  for (const std::uint64_t word : encoded.words.subspan(1, arity)) {
    atoms = atoms || term::is_atom(word) || (term::is_container(word) && term::size_field(word) != 0);
  }
  if (atoms && term::contains_atoms(encoded.words.data())) {
    const shm::Holder me = holder();
    encoded.translated.assign(encoded.words.begin(), encoded.words.end());
    term::translate_atoms(encoded.translated.data(), [&](std::uint32_t atom) { return dictionary_.intern(atom, me); });
    encoded.words = encoded.translated;
  }
  // After translating, so that an atom that is the key is in the dictionary.
  encoded.key = *find_key(TermView(object.block().data(), object.block()[keypos_], nullptr));
  return encoded;
}

Term Table::copy_out(const StoredObject& object) const {
  const std::uint64_t words = object.words();
  Term copy = Term::uninitialized(words);
  std::uint64_t* const to = copy.writable_block().data();
  const std::uint64_t* const from = object.block();
  to[0] = term::make_reference(term::Kind::tuple, object.arity(), 1);
  bool atoms = false;
  bool nested = false;
  for (std::uint64_t i = 1; i <= object.arity(); ++i) {
    const std::uint64_t word = load_word(from[i]);
    atoms = atoms || term::is_atom(word);
    nested = nested || (term::is_container(word) && term::size_field(word) != 0);
    to[i] = word;
  }
  for (std::uint64_t i = object.arity() + 1; i < words; ++i) to[i] = load_word(from[i]);
  const auto local = [&](std::uint32_t id) { return dictionary_.local(id); };
  if (nested) {
    term::translate_atoms(to, local);
  } else if (atoms) {
    for (std::uint64_t i = 1; i <= object.arity(); ++i) {
      if (term::is_atom(to[i])) to[i] = term::make_atom(local(term::atom_id(to[i])));
    }
  }
  return copy;
}

Term Table::copy_element(const StoredObject& object, std::uint64_t position) const {
  return Term(object.view(position, dictionary_));
}

}  // namespace heirloom::table
