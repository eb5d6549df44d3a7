// SPDX-License-Identifier: Apache-2.0
//
// Types of the user's own, which say by TermOf which other type they convert by.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "heirloom/typed/codec.hpp"

namespace heirloom {

// An enum whose values are integers instead of atoms:  template <> struct heirloom::TermOf<flags> : AsInteger<flags> {};
template <typename Enum>
struct AsInteger {
  using Form = std::underlying_type_t<Enum>;
  static constexpr Form to_form(Enum value) noexcept { return static_cast<Form>(value); }
  static constexpr Enum from_form(Form value) noexcept { return static_cast<Enum>(value); }
};

namespace typed {

template <typename T>
concept HasReadableForm = requires(typename TermOf<T>::Form form) {
  { TermOf<T>::from_form(std::move(form)) } -> std::convertible_to<std::optional<T>>;
};

template <HasForm T>
struct Codec<T> : CodecOf<typename TermOf<T>::Form> {
  using Form = typename TermOf<T>::Form;
  static constexpr bool kReadable = HasReadableForm<T>;
  static constexpr bool kOwns = true;

  template <typename Sink>
  static void put(Sink& sink, const T& value) {
    Codec<Form>::put(sink, TermOf<T>::to_form(value));
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Slot<Form> form;
    if (!form.read(reading, view)) return false;
    std::optional<T> value = TermOf<T>::from_form(form.take());
    if (!value) return reading.refuse(view, expected);
    into = *std::move(value);
    return true;
  }

  static std::string expected() {
    if constexpr (requires { TermOf<T>::kExpected; }) {
      return std::string(TermOf<T>::kExpected);
    } else {
      return Codec<Form>::expected();
    }
  }
};

}  // namespace typed
}  // namespace heirloom
