// SPDX-License-Identifier: Apache-2.0
//
// Keys and objects on their way in and out: checked, hashed, and translated between the atoms of this program and those of
// the segment.
#include <cstring>
#include <string>

#include "table/table.hpp"
#include "term/block.hpp"
#include "term/compare.hpp"
#include "term/hash.hpp"
#include "term/order_prefix.hpp"
#include "term/packing.hpp"

namespace heirloom::table {

namespace {

[[noreturn]] void refuse_insert(const Term& object, std::uint64_t keypos) {
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

bool Table::find_other_key(Key& key) const {
  if (is_ordered()) {
    key.hash = 0;
    key.word = term::is_small(key.root) ? key.root : 0;
    key.prefix = term::order_prefix(key.view());
    return true;
  }
  key.hash = term::hash(key.view(), seed_);
  key.word = term::is_nil(key.root) ? key.root : 0;
  if (!term::is_atom(key.root)) return true;
  const auto id = dictionary_.find(key.atoms == nullptr ? term::atom_id(key.root) : key.view().as_atom().id());
  if (id) key.word = term::make_atom(*id);
  return id.has_value();
}

bool Table::has_other_key(StoredObject object, std::uint64_t word, const Key& key) const {
  if (term::is_kind(word, term::Kind::binary) && term::is_kind(key.root, term::Kind::binary)) {
    if (!object.has_sound_element(stored_keypos_)) [[unlikely]]
      refuse_object(object);
    const std::uint64_t bytes = term::size_of(object.block(), word);
    return bytes == term::size_of(key.base, key.root) &&
           std::memcmp(term::payload_of(object.block(), word), term::payload_of(key.base, key.root), bytes) == 0;
  }
  return key_view(object) == key.view();
}

bool Table::key_before(const Key& left, const Key& right) const {
  if (!is_ordered()) return left.hash < right.hash;  // the stripe is its highest bits
  if (left.prefix != right.prefix) return left.prefix < right.prefix;
  return term::compare(left.view(), right.view(), term::Numbers::by_value) < 0;
}

bool Table::same_key(const Key& left, const Key& right) const {
  if (!is_ordered()) return left.hash == right.hash && left.view() == right.view();
  return left.prefix == right.prefix && term::compare(left.view(), right.view(), term::Numbers::by_value) == 0;
}

std::uint64_t Table::hash_of(StoredObject object) const {
  const std::uint64_t word = key_word(object);
  return term::is_small(word) ? term::hash_word(word, seed_) : term::hash(key_view(object), seed_);
}

EncodedObject Table::encode(const Term& object) const {
  const std::uint64_t root = object.block()[0];
  const std::uint64_t arity = term::is_kind(root, term::Kind::tuple) ? term::size_field(root) : 0;
  if (arity < keypos_ || arity > kArityMax || object.block().size_bytes() > shm::kBlockBytesMax) [[unlikely]] {
    refuse_insert(object, keypos_);
  }
  EncodedObject encoded = encode_block(object);
  // After translating, so that an atom that is the key is in the dictionary.
  const TermView key(object.block().data(), object.block()[keypos_], nullptr);
  if (!find_key(key, encoded.key)) segment_->refuse("insert", "an atom that was interned has no id in the dictionary");
  if (compressed_) [[unlikely]]
    pack(encoded, object);
  return encoded;
}

void Table::pack(EncodedObject& encoded, const Term& object) const {
  const std::string bytes = term::pack(encoded.words.data(), encoded.words.size(), keypos_);
  const Term pair{Term(object.element(keypos_)), Term(bytes)};
  if (pair.block().size_bytes() > shm::kBlockBytesMax) refuse_insert(object, keypos_);
  EncodedObject stored = encode_block(pair);
  encoded.translated.assign(stored.words.begin(), stored.words.end());
  encoded.words = encoded.translated;
  encoded.root = stored.root;
}

Term Table::unpack(StoredObject object, const Dictionary* dictionary) const {
  const std::span<const std::uint64_t> block(object.block(), object.words());
  const auto refuse = [&] { segment_->refuse(segment_->offset_of(object.block()), "a packed object"); };
  if (object.arity() != 2) refuse();
  const std::uint64_t packed = object.element(2);
  if (!term::is_kind(packed, term::Kind::binary) || term::offset_field(packed) >= block.size()) refuse();
  if (term::payload_words(block.data(), packed) > block.size() - term::offset_field(packed)) refuse();
  const auto* bytes = reinterpret_cast<const char*>(term::payload_of(block.data(), packed));
  return segment_->judged([&] {
    return term::unpack({bytes, term::size_of(block.data(), packed)}, {block, object.element(1), keypos_},
                        [dictionary](std::uint32_t id) { return dictionary == nullptr ? id : dictionary->local(id); });
  });
}

EncodedObject Table::encode_block(const Term& object) const {
  EncodedObject encoded;
  encoded.words = object.block();
  const std::uint64_t arity = term::size_field(encoded.words[0]);
  bool atoms = false;
  for (const std::uint64_t word : encoded.words.subspan(1, arity)) atoms |= term::may_hold_atoms(word);
  if (atoms && (atoms = term::contains_atoms(encoded.words.data()))) {
    const shm::Holder me = holder();
    encoded.translated.assign(encoded.words.begin(), encoded.words.end());
    term::translate_atoms(encoded.translated.data(), [&](std::uint32_t atom) { return dictionary_.intern(atom, me); });
    encoded.words = encoded.translated;
  }
  encoded.root = stored_root(arity, encoded.words.size(), atoms);
  return encoded;
}

void Table::to_program(std::uint64_t* block) const {
  term::translate_atoms(block, [&](std::uint32_t id) { return dictionary_.local(id); });
}

}  // namespace heirloom::table
