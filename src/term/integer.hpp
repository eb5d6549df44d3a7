// SPDX-License-Identifier: Apache-2.0
//
// Integers as their words say them: small ones inside the word, others as the 64-bit limbs of their magnitude. Comparing is
// exact at any size, also with a float; the arithmetic that text needs is in integer_text.hpp.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>

#include "heirloom/term.hpp"

#include "term/word.hpp"

namespace heirloom::term {

constexpr bool is_integer(Word word) noexcept {
  return is_small(word) || is_kind(word, Kind::positive_integer) || is_kind(word, Kind::negative_integer);
}

constexpr std::uint64_t magnitude_of(std::int64_t value) noexcept {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

// These require views of integers (the last two: of an integer and of a finite number).
[[nodiscard]] std::optional<std::int64_t> to_int64(TermView integer) noexcept;
[[nodiscard]] std::optional<std::uint64_t> to_uint64(TermView integer) noexcept;
[[nodiscard]] std::strong_ordering compare_integers(TermView left, TermView right) noexcept;
[[nodiscard]] std::strong_ordering compare_integer(TermView integer, double number) noexcept;

// The limits of OTP: about 1,262,612 decimal digits. What is larger would let one short message cost minutes of arithmetic.
inline constexpr std::size_t kLimbsMax = std::size_t{1} << 16;

// An integer of a magnitude in any form, leading zeros allowed. Throws Error{system_limit} beyond kLimbsMax limbs.
[[nodiscard]] Term make_integer(bool negative, std::span<const Word> limbs);
// Throws it.
[[noreturn]] void refuse_integer();

}  // namespace heirloom::term
