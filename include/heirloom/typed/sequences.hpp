// SPDX-License-Identifier: Apache-2.0
//
// Vectors and arrays: lists. Pairs and tuples: tuples.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "heirloom/typed/binaries.hpp"
#include "heirloom/typed/codec.hpp"

namespace heirloom::typed {

template <typename Sink, typename Sequence>
void put_list(Sink& sink, const Sequence& sequence) {
  using T = typename Sequence::value_type;
  sink.open_list(sequence.size());
  for (const auto& element : sequence) Codec<T>::put(sink, element);
  sink.close_list(sequence.size());
}

inline bool at_index(Reading& reading, std::size_t index) {
  return reading.at([&] { return '[' + std::to_string(index) + ']'; });
}

template <typename T>
struct Codec<std::vector<T>> : CodecOf<T> {
  template <typename Sink>
  static void put(Sink& sink, const std::vector<T>& value) {
    put_list(sink, value);
  }

  static bool read(Reading& reading, const TermView& view, std::vector<T>& into) {
    Elements elements;
    if (!read_list(view, elements)) return reading.refuse(view, expected);
    Descent descent(reading);
    if (descent.too_deep()) return descent.refuse(view);
    into.clear();
    into.reserve(elements.size);
    for (std::size_t index = 0; index < elements.size; ++index) {
      if (!append(reading, elements[index], into)) return at_index(reading, index);
    }
    return true;
  }

  static bool resembles(const TermView& view) noexcept {
    Elements elements;
    return read_list(view, elements);
  }

  static std::string expected() { return "a list"; }

 private:
  static bool append(Reading& reading, const TermView& view, std::vector<T>& into) {
    if constexpr (InPlace<T> && !std::same_as<T, bool>) {
      return Codec<T>::read(reading, view, into.emplace_back());
    } else {
      Slot<T> element;
      if (!element.read(reading, view)) return false;
      into.push_back(element.take());
      return true;
    }
  }
};

template <typename T, std::size_t N>
struct Codec<std::array<T, N>> : CodecOf<T> {
  using Array = std::array<T, N>;

  template <typename Sink>
  static void put(Sink& sink, const Array& value) {
    put_list(sink, value);
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Elements elements;
    if (!read_list(view, elements) || elements.size != N) return reading.refuse(view, expected);
    Descent descent(reading);
    if (descent.too_deep()) return descent.refuse(view);
    return read_elements(reading, elements, into);
  }

  static bool resembles(const TermView& view) noexcept {
    Elements elements;
    return read_list(view, elements) && elements.size == N;
  }

  static std::string expected() { return "a list of " + std::to_string(N) + " elements"; }

 private:
  static bool read_elements(Reading& reading, const Elements& elements, Array& into) {
    for (std::size_t index = 0; index < N; ++index) {
      if (!Codec<T>::read(reading, elements[index], into[index])) return at_index(reading, index);
    }
    return true;
  }
  static bool read_elements(Reading& reading, const Elements& elements, std::optional<Array>& into) {
    std::array<Slot<T>, N> slots;
    for (std::size_t index = 0; index < N; ++index) {
      if (!slots[index].read(reading, elements[index])) return at_index(reading, index);
    }
    [&]<std::size_t... I>(std::index_sequence<I...>) { into.emplace(Array{slots[I].take()...}); }
    (std::make_index_sequence<N>());
    return true;
  }
};

// What std::pair and std::tuple have in common.
template <typename Tuple, typename... Ts>
struct TupleCodec : CodecOf<Ts...> {
  template <typename Sink>
  static void put(Sink& sink, const Tuple& value) {
    sink.open_tuple(sizeof...(Ts));
    std::apply([&](const Ts&... elements) { (Codec<Ts>::put(sink, elements), ...); }, value);
    sink.close();
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Elements elements;
    if (!read_tuple(view, sizeof...(Ts), elements)) return reading.refuse(view, expected);
    Descent descent(reading);
    if (descent.too_deep()) return descent.refuse(view);
    return read_elements(reading, elements, into, std::index_sequence_for<Ts...>());
  }

  static bool resembles(const TermView& view) noexcept {
    Elements elements;
    return read_tuple(view, sizeof...(Ts), elements);
  }

  static std::string expected() {
    if (sizeof...(Ts) == 0) return "{}";
    std::string pattern;
    for (std::size_t i = 0; i < sizeof...(Ts); ++i) pattern += i == 0 ? "{_" : ",_";
    return pattern + '}';
  }

 private:
  static bool at_element(Reading& reading, std::size_t index) {
    return reading.at([&] { return ".element " + std::to_string(index + 1); });
  }

  template <std::size_t... I>
  static bool read_elements(Reading& reading, [[maybe_unused]] const Elements& elements, [[maybe_unused]] Tuple& into,
                            std::index_sequence<I...> /*indexes*/) {
    return ((Codec<Ts>::read(reading, elements[I], std::get<I>(into)) || at_element(reading, I)) && ...);
  }

  template <std::size_t... I>
  static bool read_elements(Reading& reading, const Elements& elements, std::optional<Tuple>& into,
                            std::index_sequence<I...> /*indexes*/) {
    std::tuple<Slot<Ts>...> slots;
    if (!((std::get<I>(slots).read(reading, elements[I]) || at_element(reading, I)) && ...)) return false;
    into.emplace(std::get<I>(slots).take()...);
    return true;
  }
};

template <typename... Ts>
struct Codec<std::tuple<Ts...>> : TupleCodec<std::tuple<Ts...>, Ts...> {};

template <typename First, typename Second>
struct Codec<std::pair<First, Second>> : TupleCodec<std::pair<First, Second>, First, Second> {};

}  // namespace heirloom::typed
