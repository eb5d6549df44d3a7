// SPDX-License-Identifier: Apache-2.0
#include "term/integer_text.hpp"

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
    if (limbs.size() > kLimbsMax) break;
    digits.remove_prefix(part.size());
  }
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
