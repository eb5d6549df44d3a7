// SPDX-License-Identifier: Apache-2.0
//
// Values that may be absent: the atom `undefined`, as in the fields of Erlang's records.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "heirloom/typed/codec.hpp"

namespace heirloom::typed {

template <>
struct Codec<std::monostate> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, std::monostate /*value*/) {
    sink.undefined();
  }
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    if (!is_undefined(view)) return reading.refuse(view, expected);
    into = std::monostate();
    return true;
  }
  static std::string expected() { return "undefined"; }
};

// Types of which one value is `undefined`: an optional of these could not say which of two is absent.
template <typename T>
inline constexpr bool kMayBeAbsent = std::is_same_v<T, std::monostate>;
template <typename T>
inline constexpr bool kMayBeAbsent<std::optional<T>> = true;
template <typename... Ts>
inline constexpr bool kMayBeAbsent<std::variant<Ts...>> = (kMayBeAbsent<Ts> || ...);

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
concept IsOptional = kIsOptional<T>;

template <typename T>
requires(!kMayBeAbsent<T>) struct Codec<std::optional<T>> : CodecOf<T> {
  template <typename Sink>
  static void put(Sink& sink, const std::optional<T>& value) {
    if (!value) return sink.undefined();
    Codec<T>::put(sink, *value);
    sink.refuse_undefined();
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    if (is_undefined(view)) {
      into = std::optional<T>();
      return true;
    }
    Slot<T> value;
    if (!value.read(reading, view)) return reading.or_expected("undefined");
    into.emplace(value.take());
    return true;
  }

  static std::string expected() { return "undefined or " + Codec<T>::expected(); }
};

}  // namespace heirloom::typed
