// SPDX-License-Identifier: Apache-2.0
#include "term/bit_string_builder.hpp"

#include <vector>

#include "term/integer.hpp"

namespace heirloom::term {

namespace {

// The low `bits` bits of an integer in two's complement, the least significant byte first.
std::vector<unsigned char> low_bytes(TermView integer, std::uint64_t bits) {
  const Word word = integer.word();
  const Word small = is_small(word) ? magnitude_of(small_value(word)) : 0;
  const Word* limbs = is_small(word) ? &small : payload_of(integer.base(), word);
  const std::uint64_t count = is_small(word) ? 1 : size_field(word);
  std::vector<unsigned char> bytes(bits / 8 + (bits % 8 != 0));
  for (std::uint64_t i = 0; i < bytes.size() && i / 8 < count; ++i) {
    bytes[i] = static_cast<unsigned char>(limbs[i / 8] >> (i % 8 * 8));
  }
  const bool negative = is_small(word) ? small_value(word) < 0 : is_kind(word, Kind::negative_integer);
  if (!negative) return bytes;
  unsigned carry = 1;
  for (unsigned char& byte : bytes) {
    const unsigned sum = static_cast<unsigned char>(~byte) + carry;
    byte = static_cast<unsigned char>(sum);
    carry = sum >> 8;
  }
  return bytes;
}

}  // namespace

void BitStringBuilder::add_bits(unsigned char value, unsigned count) {
  if (count == 0) return;
  const unsigned used = bits_ % 8;
  const auto aligned = static_cast<unsigned char>(value << (8 - count));
  if (used == 0) {
    bytes_ += static_cast<char>(aligned);
  } else {
    bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | aligned >> used);
    if (used + count > 8) bytes_ += static_cast<char>(aligned << (8 - used));
  }
  bits_ += count;
}

void BitStringBuilder::add_integer(TermView integer, std::uint64_t bits) {
  const std::vector<unsigned char> bytes = low_bytes(integer, bits);
  std::size_t index = bytes.size();
  if (bits % 8 != 0) add_bits(bytes[--index], bits % 8);
  while (index-- > 0) add_byte(bytes[index]);
}

}  // namespace heirloom::term
