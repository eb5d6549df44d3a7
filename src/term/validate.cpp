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

  Status run(RootOffset root_offset) {
    if (words_.empty()) return fail(ErrorCode::corrupt, "a block has at least one word");
    if (words_.size() > kBlockWordsMax) return fail(ErrorCode::corrupt, "a block has at most 268435455 words");
    for (std::size_t i = 0; i < end_; ++i) {
      const Word word = i == 0 && root_offset == RootOffset::of_an_owner ? normal_root(words_[0]) : words_[i];
      if (const char* rule = check_term_word(word)) return broken(i, rule);
    }
    if (creators_ != 0) return broken(0, "a creator occurs only in a fun");
    std::size_t payload_end = end_;
    for (std::size_t i = 0; i < end_; ++i) {
      if (!is_payload(words_[i])) continue;
      if (const char* rule = check_payload(words_[i], payload_end)) return broken(i, rule);
    }
    if (payload_end != words_.size()) return broken(payload_end, "no word of the term refers to it");
    for (std::size_t i = 0; i < end_; ++i) {
      if (is_kind(words_[i], Kind::map) && !keys_ascend(words_[i])) return broken(i, "the keys of a map ascend");
    }
    return {};
  }

 private:
  static Failure broken(std::size_t index, std::string_view rule) {
    return fail(ErrorCode::corrupt, "word " + std::to_string(index) + " breaks a rule of blocks: " + std::string(rule));
  }

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
    return is_container(word) ? check_container(word) : nullptr;
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
      case Kind::binary: return unused_bits_are_zero(payload, size * 8) ? nullptr : "unused bytes are zero";
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
  std::int64_t creators_ = 0;  // that were met, less those that funs account for
};

}  // namespace

Status validate_block(std::span<const Word> words, std::uint32_t atom_count, const AtomSpace* atoms,
                      RootOffset root_offset) {
  return Validator(words, atom_count, atoms).run(root_offset);
}

}  // namespace heirloom::term
