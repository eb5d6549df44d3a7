// SPDX-License-Identifier: Apache-2.0
#include "term/payload.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.hpp"

namespace heirloom::term {

void clear_unused_bits(Word* to, std::size_t words, std::uint64_t bits) noexcept {
  auto* bytes = reinterpret_cast<unsigned char*>(to);
  std::size_t used = bits / 8;
  if (bits % 8 != 0) {
    bytes[used] = static_cast<unsigned char>(bytes[used] & (0xFF00U >> (bits % 8)));
    ++used;
  }
  std::memset(bytes + used, 0, words * sizeof(Word) - used);
}

namespace {

// Fewer than eight bytes, and zeros: put together in a register, since who copies the word loads it whole (copy_words()).
Word last_word(std::string_view bytes) noexcept {
  static_assert(std::endian::native == std::endian::little);
  Word word = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) word = word << 8 | static_cast<unsigned char>(bytes[i]);
  return word;
}

}  // namespace

void make_payload(Term& into, Kind kind, std::string_view bytes, std::uint64_t size) {
  const std::uint64_t words = words_of_size(kind, size);
  const bool escaped = size >= kSizeEscape;
  Word* block = into.overwrite(1 + words + escaped).data();
  block[0] = make_reference(kind, size, size != 0);
  if (size == 0) return;
  if (escaped) block[1] = size;
  Word* payload = block + 1 + escaped;
  const std::size_t whole = bytes.size() / sizeof(Word);
  std::memcpy(payload, bytes.data(), whole * sizeof(Word));
  if (whole < words) payload[whole] = last_word(bytes.substr(whole * sizeof(Word)));
  if (kind == Kind::bitstring) clear_unused_bits(payload, words, size);
}

Term make_opaque(Kind kind, std::span<const Word> words) {
  HEIRLOOM_ASSERT(!words.empty(), "an opaque term names its creator");
  Term result = Term::uninitialized(1 + words.size());
  Word* block = result.writable_block().data();
  block[0] = make_reference(kind, words.size(), 1);
  std::copy(words.begin(), words.end(), block + 1);
  return result;
}

}  // namespace heirloom::term
