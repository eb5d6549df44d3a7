// SPDX-License-Identifier: Apache-2.0
//
// Enums: atoms, by the names of their enumerators. Only values from 0 to 127 are looked for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "heirloom/typed/codec.hpp"
#include "heirloom/typed/names.hpp"

namespace heirloom::typed {

inline constexpr std::size_t kEnumeratorsMax = 128;
using EnumeratorNames = std::array<std::string_view, kEnumeratorsMax>;

// Takes "[with E = color; E ...Values = {red, (color)1, green}]" apart: names by value, empty where there is no enumerator.
constexpr EnumeratorNames names_in_list(std::string_view text) noexcept {
  EnumeratorNames names = {};
  text = without_end(text, "]");
  if (text.empty() || (text.back() != '}' && text.back() != '>')) return names;
  text.remove_suffix(1);
  // From behind, since what comes before the list may hold anything; commas inside of brackets belong to one item.
  std::size_t value = kEnumeratorsMax;
  std::size_t depth = 0;
  std::size_t end = text.size();
  for (std::size_t i = text.size(); i > 0 && value > 0; --i) {
    const char c = text[i - 1];
    if (c == ')' || c == '>' || c == '}') ++depth;
    const bool opens = c == '(' || c == '<' || c == '{';
    if (depth == 0 && (c == ',' || opens)) {
      names[--value] = last_identifier(text.substr(i, end - i));
      end = i - 1;
    }
    if (opens && depth == 0) return value == 0 ? names : EnumeratorNames();
    if (opens) --depth;
  }
  return {};
}

template <typename Enum, std::size_t... Values>
constexpr EnumeratorNames enumerator_names(std::index_sequence<Values...> /*values*/) noexcept {
  return names_in_list(text_of_enumerators<Enum, static_cast<Enum>(Values)...>());
}

// Only a fixed underlying type makes every number from 0 to 127 a value of the enum.
template <typename T>
concept FixedEnum = std::is_enum_v<T> && !std::is_same_v<T, std::byte> && requires {
  T{0};
};

template <FixedEnum T>
inline constexpr EnumeratorNames kEnumeratorNames = enumerator_names<T>(std::make_index_sequence<kEnumeratorsMax>());

template <FixedEnum T>
constexpr bool has_enumerators() noexcept {
  return std::any_of(kEnumeratorNames<T>.begin(), kEnumeratorNames<T>.end(), [](auto name) { return !name.empty(); });
}

template <typename T>
concept NamedEnum = FixedEnum<T> && !HasForm<T> && has_enumerators<T>();

template <NamedEnum T>
struct Codec<T> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, T value) {
    for (const Enumerator& enumerator : enumerators()) {
      if (enumerator.value == value) return sink.atom(enumerator.atom);
    }
    throw Error(ErrorCode::badarg, "make a term",
                std::to_string(+static_cast<std::underlying_type_t<T>>(value)) + " is " + expected("none of"));
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    for (const Enumerator& enumerator : enumerators()) {
      if (!is_atom(view, enumerator.atom)) continue;
      into = enumerator.value;
      return true;
    }
    return reading.refuse(view, [] { return expected("one of"); });
  }

  static std::string expected() { return expected("one of"); }

 private:
  struct Enumerator {
    T value;
    Atom atom;
  };

  static const std::vector<Enumerator>& enumerators() {
    static const std::vector<Enumerator> all = [] {
      std::vector<Enumerator> found;
      for (std::size_t i = 0; i < kEnumeratorsMax; ++i) {
        const T value = static_cast<T>(i);
        const bool cut = static_cast<std::size_t>(value) != i;  // by an underlying type of one bit
        if (!cut && !kEnumeratorNames<T>[i].empty()) found.push_back({value, Atom(kEnumeratorNames<T>[i])});
      }
      return found;
    }();
    return all;
  }

  static std::string expected(std::string_view words) {
    std::string text(words);
    for (const Enumerator& enumerator : enumerators()) {
      text += (&enumerator == &enumerators().front() ? " " : ", ") + to_string(Term(enumerator.atom));
    }
    return text;
  }
};

}  // namespace heirloom::typed
