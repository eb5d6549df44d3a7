// SPDX-License-Identifier: Apache-2.0
#include "term/integer_text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <iterator>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>

#include "term/hash.hpp"
#include "term/integer.hpp"
#include "term/text_characters.hpp"

namespace heirloom::term {

namespace {

using Big = boost::multiprecision::cpp_int;

// limbs = limbs * factor + addend
void multiply_add(std::vector<Word>& limbs, Word factor, Word addend) {
  Word carry = addend;
  for (Word& limb : limbs) {
    const DoubleWord sum = static_cast<DoubleWord>(limb) * factor + carry;
    limb = static_cast<Word>(sum);
    carry = static_cast<Word>(sum >> 64);
  }
  if (carry != 0) limbs.push_back(carry);
}

// Digits that multiply_add() makes a number of, by word; more are halved, so that the multiplications grow with the numbers.
constexpr std::size_t kShortDigits = 1024;

Big number_of_short(std::string_view digits, unsigned base) {
  // The largest power of the base that fits a word takes as many digits at once.
  Word power = base;
  std::size_t chunk = 1;
  while (power <= ~Word{0} / base) {
    power *= base;
    ++chunk;
  }
  std::vector<Word> limbs;
  while (!digits.empty()) {
    const std::string_view part = digits.substr(0, digits.size() % chunk != 0 ? digits.size() % chunk : chunk);
    Word value = 0;
    for (const char digit : part) value = value * base + digit_value(static_cast<unsigned char>(digit));
    multiply_add(limbs, power, value);
    digits.remove_prefix(part.size());
  }
  Big number;
  if (!limbs.empty()) import_bits(number, limbs.begin(), limbs.end(), 64, false);
  return number;
}

// powers[i] is the base to the power of kShortDigits * 2^i.
Big number_of_digits(std::string_view digits, unsigned base, const std::vector<Big>& powers) {
  if (digits.size() <= kShortDigits) return number_of_short(digits, base);
  std::size_t index = 0;
  while ((kShortDigits << (index + 1)) < digits.size()) ++index;
  const std::size_t low = kShortDigits << index;
  return number_of_digits(digits.substr(0, digits.size() - low), base, powers) * powers[index] +
         number_of_digits(digits.substr(digits.size() - low), base, powers);
}

// Of a base that is a power of two, by its bits.
std::vector<Word> limbs_of_bits(std::string_view digits, unsigned bits_of_digit) {
  std::vector<Word> limbs((digits.size() * bits_of_digit + 63) / 64);
  std::size_t bit = 0;
  for (std::size_t i = digits.size(); i-- > 0; bit += bits_of_digit) {
    const Word value = digit_value(static_cast<unsigned char>(digits[i]));
    limbs[bit / 64] |= value << (bit % 64);
    if (bit % 64 + bits_of_digit > 64 && bit / 64 + 1 < limbs.size()) limbs[bit / 64 + 1] |= value >> (64 - bit % 64);
  }
  return limbs;
}

// Halves a number until its parts are short: dividing by one word at a time would take 20 s for the longest integers.
void append_halves(std::string& out, const Big& value, std::size_t digits, std::vector<Big>& powers) {
  constexpr std::size_t kShort = 19 * 16;
  if (digits <= kShort) {
    const std::string text = value.str();
    out.append(digits - text.size(), '0').append(text);
    return;
  }
  // powers[i] is 10 to the power of kShort * 2^i: the largest one below `digits` splits off the lower part.
  std::size_t index = 0;
  while ((kShort << (index + 1)) < digits) ++index;
  Big high;
  Big low;
  divide_qr(value, powers[index], high, low);
  append_halves(out, high, digits - (kShort << index), powers);
  append_halves(out, low, kShort << index, powers);
}

std::string decimal(const Big& value) {
  constexpr unsigned kShort = 19 * 16;
  std::vector<Big> powers;
  std::size_t digits = kShort;
  for (Big power = pow(Big(10), kShort); power <= value; power *= power) {
    powers.push_back(power);
    digits *= 2;
  }
  std::string text;
  append_halves(text, value, digits, powers);
  return text.substr(text.find_first_not_of('0'));
}

}  // namespace

Term integer_of_digits(std::string_view digits, unsigned base) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  // What is too large at first sight costs no arithmetic: a digit has at least so many bits.
  const auto bits_of_digit = static_cast<unsigned>(std::bit_width(base) - 1);
  if (digits.size() * bits_of_digit > kLimbsMax * 64 + bits_of_digit) refuse_integer();
  if (std::has_single_bit(base)) return make_integer(false, limbs_of_bits(digits, bits_of_digit));
  std::vector<Big> powers;
  for (std::size_t length = kShortDigits; length < digits.size(); length *= 2) {
    powers.push_back(powers.empty() ? Big(pow(Big(base), kShortDigits)) : Big(powers.back() * powers.back()));
  }
  std::vector<Word> limbs;
  export_bits(number_of_digits(digits, base, powers), std::back_inserter(limbs), 64, false);
  return make_integer(false, limbs);
}

Term negated(TermView integer) {
  if (const auto value = to_uint64(integer)) return make_integer(true, std::span(&*value, 1));
  if (const auto value = to_int64(integer)) return Term(magnitude_of(*value));
  const Word word = integer.word();
  return make_integer(is_kind(word, Kind::positive_integer), {payload_of(integer.base(), word), size_field(word)});
}

void append_integer(std::string& out, TermView integer) {
  char buffer[24];
  if (const auto value = to_int64(integer)) {
    out.append(buffer, std::to_chars(buffer, std::end(buffer), *value).ptr);
  } else if (const auto unsigned_value = to_uint64(integer)) {
    out.append(buffer, std::to_chars(buffer, std::end(buffer), *unsigned_value).ptr);
  } else {
    const Word word = integer.word();
    const Word* limbs = payload_of(integer.base(), word);
    Big big;
    import_bits(big, limbs, limbs + size_field(word), 64, false);
    if (is_kind(word, Kind::negative_integer)) out += '-';
    out += decimal(big);
  }
}

}  // namespace heirloom::term
