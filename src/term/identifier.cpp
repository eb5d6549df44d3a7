// SPDX-License-Identifier: Apache-2.0
#include "term/identifier.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "term/payload.hpp"
#include "term/utf8.hpp"

namespace heirloom::term {

namespace {

constexpr unsigned kCountShift = 48;
constexpr unsigned kNameShift = 32;
constexpr Word kCountMask = 7;
constexpr Word kNameMask = 0x3FF;
constexpr std::size_t kLocalReferenceWordsMax = 3;
constexpr std::uint32_t kUpperHalfMax = 0x7FFFFFFF;  // bit 63 is kForeign

constexpr Word joined(std::uint32_t low, std::uint32_t high) noexcept { return static_cast<Word>(high) << 32 | low; }
constexpr std::uint32_t low_half(Word word) noexcept { return static_cast<std::uint32_t>(word); }
constexpr std::uint32_t high_half(Word word) noexcept { return static_cast<std::uint32_t>(word >> 32); }

constexpr std::size_t number_words(std::uint32_t count) noexcept { return (count + 1) / 2; }
constexpr std::size_t name_words(std::size_t bytes) noexcept { return (bytes + 7) / 8; }

bool is_pid(Kind kind) noexcept { return kind == Kind::pid || kind == Kind::creator; }

// The words of what this node can have made; none for anything else.
std::vector<Word> local_words(Kind kind, const Identifier& identifier) {
  if (identifier.node != kLocalNode || identifier.creation != kLocalCreation) return {};
  const auto& numbers = identifier.numbers;
  if (is_pid(kind)) {
    if (numbers[0] > kUpperHalfMax) return {};
    return {Pid{numbers[0], numbers[1]}.packed()};
  }
  if (kind == Kind::port) {
    if (numbers[1] > kUpperHalfMax) return {};
    return {joined(numbers[0], numbers[1])};
  }
  if (identifier.count % 2 == 0) return {};
  std::vector<Word> words{numbers[0]};
  for (std::size_t i = 1; i < identifier.count; i += 2) words.push_back(joined(numbers[i], numbers[i + 1]));
  return words;
}

Identifier local_identifier(Kind kind, std::span<const Word> words) noexcept {
  Identifier identifier{kLocalNode, kLocalCreation, 0, {}};
  const auto add = [&](std::uint32_t number) { identifier.numbers[identifier.count++] = number; };
  if (is_pid(kind)) {
    add(high_half(words[0]));
    add(low_half(words[0]));
  } else if (kind == Kind::port) {
    add(low_half(words[0]));
    add(high_half(words[0]));
  } else {
    add(low_half(words[0]));
    for (const Word word : words.subspan(1)) {
      add(low_half(word));
      add(high_half(word));
    }
  }
  return identifier;
}

Identifier foreign_identifier(const Word* payload) noexcept {
  Identifier identifier;
  identifier.creation = low_half(payload[0]);
  identifier.count = static_cast<std::uint32_t>((payload[0] >> kCountShift) & kCountMask);
  const std::size_t count = std::min<std::size_t>(identifier.count, Identifier::kNumbersMax);
  for (std::size_t i = 0; i < count; ++i) {
    const Word word = payload[1 + i / 2];
    identifier.numbers[i] = i % 2 == 0 ? low_half(word) : high_half(word);
  }
  const auto* name = reinterpret_cast<const char*>(payload + 1 + number_words(identifier.count));
  identifier.node = {name, (payload[0] >> kNameShift) & kNameMask};
  return identifier;
}

Term make_foreign(Kind kind, const Identifier& identifier) {
  const std::size_t words = 1 + number_words(identifier.count) + name_words(identifier.node.size());
  Term result = Term::uninitialized(1 + words);
  Word* block = result.writable_block().data();
  block[0] = make_reference(kind, words, 1);
  std::fill(block + 1, block + 1 + words, Word{0});
  block[1] = kForeign | static_cast<Word>(identifier.count) << kCountShift |
             static_cast<Word>(identifier.node.size()) << kNameShift | identifier.creation;
  for (std::size_t i = 0; i < identifier.count; ++i) {
    block[2 + i / 2] |= static_cast<Word>(identifier.numbers[i]) << (i % 2 * 32);
  }
  std::memcpy(block + 2 + number_words(identifier.count), identifier.node.data(), identifier.node.size());
  return result;
}

std::uint32_t numbers_min(Kind kind) noexcept { return kind == Kind::reference ? 1 : 2; }
std::uint32_t numbers_max(Kind kind) noexcept { return kind == Kind::reference ? Identifier::kNumbersMax : 2; }

const char* check_local(Kind kind, std::span<const Word> payload) noexcept {
  if (kind != Kind::reference) return payload.size() == 1 ? nullptr : "a pid or port of this node is one word";
  if (payload.size() > kLocalReferenceWordsMax) return "a reference of this node has up to three words";
  return high_half(payload[0]) == 0 ? nullptr : "the first word of a reference fits 32 bits";
}

const char* check_foreign(Kind kind, std::span<const Word> payload) noexcept {
  const auto count = static_cast<std::uint32_t>((payload[0] >> kCountShift) & kCountMask);
  const auto bytes = static_cast<std::size_t>((payload[0] >> kNameShift) & kNameMask);
  constexpr Word kUsed = kForeign | kCountMask << kCountShift | kNameMask << kNameShift | 0xFFFFFFFF;
  if ((payload[0] & ~kUsed) != 0) return "unused bits are zero";
  if (count < numbers_min(kind) || count > numbers_max(kind)) return "an identifier has the numbers of its kind";
  if (payload.size() != 1 + number_words(count) + name_words(bytes)) return "an identifier's size is that of its parts";
  if (count % 2 != 0 && high_half(payload[number_words(count)]) != 0) return "unused halves are zero";
  const auto* name = reinterpret_cast<const char*>(payload.data() + 1 + number_words(count));
  if (std::any_of(name + bytes, name + name_words(bytes) * sizeof(Word), [](char byte) { return byte != 0; })) {
    return "unused bytes are zero";
  }
  const auto characters = utf8_characters({name, bytes});
  if (!characters || *characters > Atom::kCharactersMax) return "the name of a node is UTF-8 of up to 255 characters";
  return local_words(kind, foreign_identifier(payload.data())).empty() ? nullptr : "what is of this node is its own";
}

std::span<const Word> payload_span(TermView view) noexcept {
  return {payload_of(view.base(), view.word()), size_field(view.word())};
}

std::strong_ordering compare_nodes(const Identifier& left, const Identifier& right) noexcept {
  if (const auto order = left.node <=> right.node; order != 0) return order;
  return left.creation <=> right.creation;
}

// From the last one on. Missing ones are zero; of two that differ only by their count, the shorter one comes first.
std::strong_ordering compare_numbers(const Identifier& left, const Identifier& right) noexcept {
  for (std::size_t i = Identifier::kNumbersMax; i-- > 0;) {
    if (left.numbers[i] != right.numbers[i]) return left.numbers[i] <=> right.numbers[i];
  }
  return left.count <=> right.count;
}

}  // namespace

Identifier identifier_of(const Word* base, Word word) noexcept {
  const Word* payload = payload_of(base, word);
  if ((payload[0] & kForeign) != 0) return foreign_identifier(payload);
  return local_identifier(kind_of(word), {payload, size_field(word)});
}

Term make_identifier(Kind kind, const Identifier& identifier) {
  const std::vector<Word> local = local_words(kind, identifier);
  return local.empty() ? make_foreign(kind, identifier) : make_opaque(kind, local);
}

const char* check_identifier(Kind kind, std::span<const Word> payload) noexcept {
  return (payload[0] & kForeign) != 0 ? check_foreign(kind, payload) : check_local(kind, payload);
}

std::strong_ordering compare_identifiers(TermView left, TermView right) noexcept {
  const bool left_foreign = is_foreign(left.base(), left.word());
  const bool right_foreign = is_foreign(right.base(), right.word());
  if (left_foreign != right_foreign) return left_foreign <=> right_foreign;
  if (!left_foreign) {
    const auto a = payload_span(left);
    const auto b = payload_span(right);
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
  }
  const Identifier a = identifier_of(left.base(), left.word());
  const Identifier b = identifier_of(right.base(), right.word());
  const auto nodes = compare_nodes(a, b);
  const auto numbers = compare_numbers(a, b);
  const bool numbers_first = is_pid(kind_of(left.word()));
  const auto first = numbers_first ? numbers : nodes;
  return first != 0 ? first : numbers_first ? nodes : numbers;
}

}  // namespace heirloom::term
