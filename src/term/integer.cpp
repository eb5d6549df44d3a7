// SPDX-License-Identifier: Apache-2.0
#include "term/integer.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace heirloom::term {

namespace {

bool is_negative(Word word) noexcept {
  return is_small(word) ? small_value(word) < 0 : is_kind(word, Kind::negative_integer);
}

// The limbs of an integer; those of a small one are put into `small`.
std::span<const Word> limbs_of(TermView integer, Word& small) noexcept {
  const Word word = integer.word();
  if (!is_small(word)) return {payload_of(integer.base(), word), size_field(word)};
  small = magnitude_of(small_value(word));
  return {&small, small != 0 ? 1U : 0U};
}

std::strong_ordering compare_magnitudes(std::span<const Word> left, std::span<const Word> right) noexcept {
  if (left.size() != right.size()) return left.size() <=> right.size();
  for (std::size_t i = left.size(); i-- > 0;) {
    if (left[i] != right[i]) return left[i] <=> right[i];
  }
  return std::strong_ordering::equal;
}

std::strong_ordering signed_order(std::strong_ordering magnitudes, bool negative) noexcept {
  return negative ? 0 <=> magnitudes : magnitudes;
}

// The magnitude of a finite number that has no fraction. No double has more than 1,024 bits.
class WholeDouble {
 public:
  explicit WholeDouble(double number) noexcept {
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(number), &exponent);
    if (fraction == 0.0) return;
    const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
    const int shift = exponent - 53;
    if (shift <= 0) {
      put(0, mantissa >> -shift);
    } else {
      const auto bits = static_cast<std::size_t>(shift);
      put(bits / 64, mantissa << (bits % 64));
      if (bits % 64 != 0) put(bits / 64 + 1, mantissa >> (64 - bits % 64));
    }
  }
  [[nodiscard]] std::span<const Word> limbs() const noexcept { return {limbs_.data(), count_}; }

 private:
  void put(std::size_t index, Word limb) noexcept {
    if (limb == 0) return;
    limbs_[index] = limb;
    count_ = index + 1;
  }
  std::array<Word, 17> limbs_{};
  std::size_t count_ = 0;
};

}  // namespace

std::optional<std::uint64_t> to_uint64(TermView integer) noexcept {
  Word small = 0;
  const auto limbs = limbs_of(integer, small);
  if (is_negative(integer.word()) || limbs.size() > 1) return std::nullopt;
  return limbs.empty() ? 0 : limbs[0];
}

std::optional<std::int64_t> to_int64(TermView integer) noexcept {
  if (is_small(integer.word())) return small_value(integer.word());
  Word small = 0;
  const auto limbs = limbs_of(integer, small);
  const bool negative = is_negative(integer.word());
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (limbs.size() != 1 || limbs[0] > kMost + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? ~limbs[0] + 1 : limbs[0]);
}

std::strong_ordering compare_integers(TermView left, TermView right) noexcept {
  if (is_small(left.word()) && is_small(right.word())) return small_value(left.word()) <=> small_value(right.word());
  const bool negative = is_negative(left.word());
  if (negative != is_negative(right.word())) {
    return negative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  Word left_small = 0;
  Word right_small = 0;
  return signed_order(compare_magnitudes(limbs_of(left, left_small), limbs_of(right, right_small)), negative);
}

std::strong_ordering compare_integer(TermView integer, double number) noexcept {
  const bool negative = is_negative(integer.word());
  if (negative != (number < 0)) return negative ? std::strong_ordering::less : std::strong_ordering::greater;
  Word small = 0;
  const double whole = std::trunc(number);
  auto magnitudes = compare_magnitudes(limbs_of(integer, small), WholeDouble(whole).limbs());
  if (magnitudes == std::strong_ordering::equal && whole != number) magnitudes = std::strong_ordering::less;
  return signed_order(magnitudes, negative);
}

void refuse_integer() { throw Error(ErrorCode::system_limit, "make an integer", "it has more than 4194304 bits"); }

Term make_integer(bool negative, std::span<const Word> limbs) {
  while (!limbs.empty() && limbs.back() == 0) limbs = limbs.first(limbs.size() - 1);
  if (limbs.size() > kLimbsMax) refuse_integer();
  if (limbs.empty()) return Term(0);
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (limbs.size() == 1 && limbs[0] <= kMost) {
    const auto value = static_cast<std::int64_t>(limbs[0]);
    return Term(negative ? -value : value);
  }
  Term result = Term::uninitialized(1 + limbs.size());
  const auto block = result.writable_block();
  block[0] = make_reference(negative ? Kind::negative_integer : Kind::positive_integer, limbs.size(), 1);
  std::copy(limbs.begin(), limbs.end(), block.begin() + 1);
  return result;
}

}  // namespace heirloom::term
