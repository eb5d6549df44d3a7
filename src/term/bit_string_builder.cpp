// SPDX-License-Identifier: Apache-2.0
#include "term/bit_string_builder.hpp"

#include "term/integer.hpp"
#include "term/integer_text.hpp"

namespace heirloom::term {

namespace {

// Bit `index` of the magnitude of an integer that is not negative.
bool bit_of(TermView integer, std::uint64_t index) noexcept {
  const Word word = integer.word();
  if (is_small(word)) return index < 64 && ((static_cast<Word>(small_value(word)) >> index) & 1) != 0;
  return index / 64 < size_field(word) && ((payload_of(integer.base(), word)[index / 64] >> (index % 64)) & 1) != 0;
}

}  // namespace

void BitStringBuilder::add_bit(bool bit) {
  if (bits_ % 8 == 0) bytes_ += '\0';
  if (bit) bytes_.back() = static_cast<char>(bytes_.back() | (0x80 >> (bits_ % 8)));
  ++bits_;
}

void BitStringBuilder::add_byte(unsigned char byte) {
  if (bits_ % 8 != 0) {
    for (unsigned i = 8; i-- > 0;) add_bit(((byte >> i) & 1) != 0);
  } else {
    bytes_ += static_cast<char>(byte);
    bits_ += 8;
  }
}

void BitStringBuilder::add_integer(TermView integer, std::uint64_t bits) {
  if (bits == 8 && is_small(integer.word())) return add_byte(static_cast<unsigned char>(small_value(integer.word())));
  // The bits of a negative number -m are the inverted bits of m - 1; and in -m = ~(m - 1) the lowest bit of m that is set
  // is the only one, with those below it, that stays as it is.
  const bool negative = compare_integers(integer, Term(0)) < 0;
  const Term magnitude = negative ? negated(integer) : Term(integer);
  std::uint64_t lowest = 0;
  while (negative && lowest < bits && !bit_of(magnitude, lowest)) ++lowest;
  for (std::uint64_t i = bits; i-- > 0;) add_bit(bit_of(magnitude, i) != (negative && i > lowest));
}

}  // namespace heirloom::term
