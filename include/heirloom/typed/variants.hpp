// SPDX-License-Identifier: Apache-2.0
//
// std::variant: the term of the alternative that it holds, and when read the first alternative that fits. Which one was
// written is not told; so a variant is refused that has an alternative which could never be read, since an earlier one fits
// wherever it does. Alternatives that look alike and contain the variant itself, such as a vector and an array of it, are
// tried again at each level, in a time that doubles with each.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "heirloom/typed/binaries.hpp"
#include "heirloom/typed/codec.hpp"
#include "heirloom/typed/enums.hpp"
#include "heirloom/typed/optional.hpp"

namespace heirloom::typed {

// The type whose terms a type has: of durations and of types with a TermOf.
template <typename T>
struct Underlying {
  using Type = T;
};
template <typename Rep, typename Period>
struct Underlying<std::chrono::duration<Rep, Period>> : Underlying<Rep> {};
template <typename Clock, typename Duration>
struct Underlying<std::chrono::time_point<Clock, Duration>> : Underlying<Duration> {};
template <HasForm T>
struct Underlying<T> : Underlying<typename TermOf<T>::Form> {};

template <typename T>
inline constexpr bool kTakesAnyBinary = std::same_as<T, std::string> || std::same_as<T, std::string_view>;
template <Byte T>
inline constexpr bool kTakesAnyBinary<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsBinary = kTakesAnyBinary<T> || std::same_as<T, const char*>;
template <Byte T, std::size_t N>
inline constexpr bool kIsBinary<std::array<T, N>> = true;

// The elements of types that become lists.
template <typename T>
struct ListOf {};
template <typename T>
requires(!Byte<T>) struct ListOf<std::vector<T>> {
  using Element = T;
  static constexpr bool kAnySize = true;
};
template <typename T, std::size_t N>
requires(!Byte<T>) struct ListOf<std::array<T, N>> {
  using Element = T;
  static constexpr bool kAnySize = false;
};
template <typename T>
concept IsList = requires {
  typename ListOf<T>::Element;
};

template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

// Whether `Earlier` can be read from every term that `Later` becomes. Not whatever can be known: false where in doubt.
template <typename Earlier, typename Later>
constexpr bool takes_all_of() noexcept {
  if constexpr (HasForm<Earlier>) {
    return std::same_as<Earlier, Later>;  // it may refuse what its form takes
  } else {
    using A = typename Underlying<Earlier>::Type;
    using B = typename Underlying<Later>::Type;
    if constexpr (std::same_as<A, B> || std::same_as<A, Term> || std::same_as<A, TermView>) {
      return true;
    } else if constexpr (Integer<A> && Integer<B>) {
      return std::in_range<A>(std::numeric_limits<B>::min()) && std::in_range<A>(std::numeric_limits<B>::max());
    } else if constexpr (std::floating_point<A>) {
      return std::floating_point<B>;
    } else if constexpr (std::same_as<A, Atom>) {
      return std::same_as<B, bool> || std::same_as<B, std::monostate> || std::is_enum_v<B>;
    } else if constexpr (IsList<A> && IsList<B>) {
      return ListOf<A>::kAnySize && takes_all_of<typename ListOf<A>::Element, typename ListOf<B>::Element>();
    } else {
      return kTakesAnyBinary<A> && kIsBinary<B>;
    }
  }
}

template <typename First, typename... Others>
constexpr bool each_can_be_read() noexcept {
  if constexpr (sizeof...(Others) == 0) {
    return true;
  } else {
    return !(takes_all_of<First, Others>() || ...) && each_can_be_read<Others...>();
  }
}

template <typename... Ts>
requires(each_can_be_read<Ts...>() && (0 + ... + int{kMayBeAbsent<Ts>}) <= 1) struct Codec<std::variant<Ts...>>
    : CodecOf<Ts...> {
  using Variant = std::variant<Ts...>;

  template <typename Sink>
  static void put(Sink& sink, const Variant& value) {
    if (value.valueless_by_exception()) throw Error(ErrorCode::badarg, "make a term", "the variant holds no value");
    std::visit([&]<typename T>(const T& alternative) { Codec<T>::put(sink, alternative); }, value);
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Reading silent = reading.silent();
    if ((read_alternative<Ts>(silent, view, into) || ...)) return true;
    // Where the term looks like one of the alternatives, what is wrong inside tells more.
    if (reading.explains() && (explain_alternative<Ts>(reading, view) || ...)) return false;
    return reading.refuse(view, expected);
  }

  static std::string expected() {
    std::string text;
    ((text += (text.empty() ? "" : " or ") + Codec<Ts>::expected()), ...);
    return text;
  }

 private:
  template <typename T, typename Into>
  static bool read_alternative(Reading& reading, const TermView& view, Into& into) {
    Slot<T> alternative;
    if (!alternative.read(reading, view)) return false;
    if constexpr (std::same_as<Into, Variant>) {
      into.template emplace<T>(alternative.take());
    } else {
      into.emplace(std::in_place_type<T>, alternative.take());
    }
    return true;
  }

  template <typename T>
  static bool explain_alternative(Reading& reading, const TermView& view) {
    if constexpr (requires { Codec<T>::resembles(view); }) {
      if (!Codec<T>::resembles(view)) return false;
      (void)Slot<T>().read(reading, view);
      return true;
    } else {
      return false;
    }
  }
};

}  // namespace heirloom::typed
