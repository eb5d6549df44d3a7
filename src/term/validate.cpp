// SPDX-License-Identifier: Apache-2.0
#include "term/validate.hpp"

#include <bit>
#include <cmath>
#include <string>

#include "heirloom/term.hpp"

#include "term/compare.hpp"
#include "term/fun.hpp"
#include "term/identifier.hpp"
#include "term/integer.hpp"

namespace heirloom::term {

namespace {

// Three passes over the term words. The first one follows the sizes of containers and so finds where the term words end; it
// looks at no word before it knows that the word is there. The second one does the same for payloads. Only then, with all
// references known to stay inside, the third one compares the keys of maps.
class Validator {
 public:
  Validator(std::span<const Word> words, std::uint32_t atom_count, const AtomSpace* atoms) noexcept
      : words_(words), atom_count_(atom_count), atoms_(atoms) {}

  // A word that breaks a rule; where there is none, `rule` is null.
  struct Broken {
    std::size_t index = 0;
    const char* rule = nullptr;
  };

  // All but the order of keys. Of a block that has a word at least.
  Broken find_unsound(Word root) noexcept {
    for (std::size_t i = 0; i < end_; ++i) {
      const Word word = i == 0 ? root : __atomic_load_n(words_.data() + i, __ATOMIC_RELAXED);
      if (is_small(word)) continue;
      if (const char* rule = check_term_word(word)) return {i, rule};
    }
    if (creators_ != 0) return {0, "a creator occurs only in a fun"};
    std::size_t payload_end = end_;
    for (std::size_t i = 0; payloads_ != 0 && i < end_; ++i) {
      const Word word = i == 0 ? root : words_[i];
      if (!is_payload(word)) continue;
      if (const char* rule = check_payload(word, payload_end)) return {i, rule};
      --payloads_;
    }
    return payload_end == words_.size() ? Broken{} : Broken{payload_end, "no word of the term refers to it"};
  }

  // After that.
  [[nodiscard]] Broken find_disorder(Word root) const {
    for (std::size_t i = 0; i < end_; ++i) {
      const Word word = i == 0 ? root : words_[i];
      if (is_kind(word, Kind::map) && !keys_ascend(word)) return {i, "the keys of a map ascend"};
    }
    return {};
  }

 private:
  // These return the rule that is broken, or null.
  const char* check_term_word(Word word) {
    switch (tag_of(word)) {
      case Tag::small: return nullptr;
      case Tag::nil: return word == kNil ? nullptr : "nil has no other bits";
      case Tag::atom:
        if (word != make_atom(atom_id(word))) return "an atom has no bits but its id";
        return atom_id(word) < atom_count_ ? nullptr : "an atom's id is in the dictionary";
      case Tag::reference: break;
      default: return "a word has a known tag";
    }
    if (static_cast<unsigned>(kind_of(word)) >= kKinds) return "a reference has a known kind";
    if (kind_of(word) == Kind::creator) ++creators_;
    if (is_container(word)) return check_container(word);
    ++payloads_;
    return nullptr;
  }

  const char* check_container(Word word) {
    const Kind kind = kind_of(word);
    if (size_field(word) == 0) {
      if (kind == Kind::list || kind == Kind::improper_list) return "a list without elements is nil";
      if (kind == Kind::fun) return "a fun has elements";
      return offset_field(word) == 0 ? nullptr : "an empty container has the offset 0";
    }
    const std::uint64_t count = element_words(word);
    if (offset_field(word) != end_) return "elements follow those of the container before";
    if (count > words_.size() - end_) return "elements lie inside the block";
    end_ += count;
    if (kind == Kind::fun) return check_elements_of_fun(word);
    if (kind != Kind::improper_list) return nullptr;
    const Word tail = words_[end_ - 1];
    const bool list = is_nil(tail) || is_kind(tail, Kind::list) || is_kind(tail, Kind::improper_list);
    return list ? "the tail of an improper list is no list" : nullptr;
  }

  // The creators of funs are checked here, where it is known that they are such; all that are met anywhere must be these.
  const char* check_elements_of_fun(Word word) {
    if (const char* rule = check_fun(size_field(word), elements_of(words_.data(), word))) return rule;
    if (!is_export(word)) --creators_;
    return nullptr;
  }

  // Moves `end`, where the payload must begin, behind it.
  const char* check_payload(Word word, std::size_t& end) const {
    const Kind kind = kind_of(word);
    const bool bytes = kind == Kind::binary || kind == Kind::bitstring;
    std::uint64_t size = size_field(word);
    if (size == 0)
      return word == make_reference(Kind::binary, 0, 0) ? nullptr : "only a binary is empty, with the offset 0";
    if (offset_field(word) != end) return "a payload follows the one before";
    if (size == kSizeEscape) {
      if (!bytes || end == words_.size() || words_[end] < kSizeEscape) return "a size is escaped where it must be";
      size = words_[end++];
    }
    const std::uint64_t count = words_of_size(kind, size);
    if (count > words_.size() - end) return "a payload lies inside the block";
    const std::span<const Word> payload = words_.subspan(end, count);
    end += count;
    return check_content(kind, size, payload);
  }

  static const char* check_content(Kind kind, std::uint64_t size, std::span<const Word> payload) {
    switch (kind) {
      case Kind::bitstring:
        if (size % 8 == 0) return "a bitstring of whole bytes is a binary";
        return unused_bits_are_zero(payload, size) ? nullptr : "unused bits are zero";
      case Kind::binary: {
        // In memory the first byte of a word holds its lowest eight bits.
        const bool zero = size % sizeof(Word) == 0 || payload.back() >> size % sizeof(Word) * 8 == 0;
        return zero ? nullptr : "unused bytes are zero";
      }
      case Kind::floating:
        return size == 1 && std::isfinite(std::bit_cast<double>(payload[0])) ? nullptr : "a float is one finite number";
      case Kind::positive_integer:
      case Kind::negative_integer: return check_limbs(payload, kind == Kind::negative_integer);
      default: return check_identifier(kind, payload);
    }
  }

  static const char* check_limbs(std::span<const Word> limbs, bool negative) {
    if (limbs.size() > kLimbsMax) return "an integer has at most 4194304 bits";
    if (limbs.back() == 0) return "an integer has no leading zeros";
    constexpr auto kMost = static_cast<std::uint64_t>(kSmallMax);
    if (limbs.size() == 1 && limbs[0] <= kMost + (negative ? 1 : 0)) return "an integer that fits 60 bits is small";
    return nullptr;
  }

  static bool unused_bits_are_zero(std::span<const Word> payload, std::uint64_t bits) noexcept {
    // All words but the last one are full. In memory the first byte of a word holds its first eight bits.
    const std::uint64_t used = bits - (payload.size() - 1) * 64;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&payload.back());
    for (std::uint64_t i = used / 8; i < sizeof(Word); ++i) {
      const unsigned mask = i == used / 8 ? 0xFFU >> (used % 8) : 0xFFU;
      if ((bytes[i] & mask) != 0) return false;
    }
    return true;
  }

  [[nodiscard]] bool keys_ascend(Word map) const {
    const Word* keys = elements_of(words_.data(), map);
    for (std::uint64_t i = 1; i < size_field(map); ++i) {
      const TermView before(words_.data(), keys[i - 1], atoms_);
      const TermView key(words_.data(), keys[i], atoms_);
      if (compare(before, key, Numbers::by_type) >= 0) return false;
    }
    return true;
  }

  std::span<const Word> words_;
  std::uint32_t atom_count_;
  const AtomSpace* atoms_;
  std::size_t end_ = 1;        // of the term words that are known so far
  std::size_t payloads_ = 0;   // that were met
  std::int64_t creators_ = 0;  // that were met, less those that funs account for
};

}  // namespace

Status validate_block(std::span<const Word> words, std::uint32_t atom_count, const AtomSpace* atoms,
                      RootOffset root_offset) {
  if (words.empty()) return fail(ErrorCode::corrupt, "a block has at least one word");
  if (words.size() > kBlockWordsMax) return fail(ErrorCode::corrupt, "a block has at most 268435455 words");
  const Word root = root_offset == RootOffset::of_an_owner ? normal_root(words[0]) : words[0];
  Validator validator(words, atom_count, atoms);
  auto broken = validator.find_unsound(root);
  if (broken.rule == nullptr) broken = validator.find_disorder(root);
  if (broken.rule == nullptr) return {};
  return fail(ErrorCode::corrupt, "word " + std::to_string(broken.index) + " breaks a rule of blocks: " + broken.rule);
}

bool is_sound_block(std::span<const Word> words, Word root) noexcept {
  constexpr std::uint32_t kAnyAtom = ~std::uint32_t{0};
  return !words.empty() && words.size() <= kBlockWordsMax &&
         Validator(words, kAnyAtom, nullptr).find_unsound(root).rule == nullptr;
}

bool is_sound_deep_tuple(const Word* block, std::uint64_t arity, std::uint64_t words, bool atoms) noexcept {
  const Word root = make_reference(Kind::tuple, arity, arity != 0);
  if (!is_sound_block({block, words}, root)) return false;
  for (std::uint64_t i = 1, end = 1 + arity; !atoms && i < end; ++i) {
    if (is_container(block[i])) end += element_words(block[i]);
    if (is_atom(block[i])) return false;
  }
  return true;
}

}  // namespace heirloom::term
