// SPDX-License-Identifier: Apache-2.0
//
// The record that the benchmarks of values work with, {session, int64, int64, 32 bytes}: as a plain struct and as a Term.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "heirloom/heirloom.hpp"

namespace heirloom::bench {

struct session {
  std::int64_t key;
  std::int64_t hits;
  std::array<char, 32> text;

  friend bool operator==(const session&, const session&) = default;
  friend auto operator<=>(const session&, const session&) = default;
  template <typename State>
  friend State AbslHashValue(State state, const session& value) {
    return State::combine(std::move(state), value.key, value.hits, value.text);
  }
};

inline constexpr std::string_view kText = "thirty-two bytes of binary here.";

inline session struct_of(std::int64_t key) {
  session value{key, key, {}};
  std::memcpy(value.text.data(), kText.data(), kText.size());
  return value;
}

inline Term term_of(std::int64_t key) {
  static const Atom name("session");
  return {name, key, key, kText};
}

}  // namespace heirloom::bench
