// SPDX-License-Identifier: Apache-2.0
//
// Codec<T>: how a C++ type becomes a term and is read from one. The headers beside this one have those of the standard
// types; for a type of your own write a TermOf (typed.hpp) instead. A codec has
//
//   using Parts                                    the types that it converts by, as Types<...>
//   static constexpr bool kReadable, kBorrows      whether it can be read; whether what is read refers to the term's words
//   static constexpr bool kOwns                    what is read owns its memory, whatever its parts do
//   static void put(Sink& sink, const T& value)    appends one term to a Measure or a Writer; both times the same
//   static bool read(Reading& reading, const TermView& view, Into& into)      assigns to a T, or to an std::optional<T> where there
//                                                  is no T yet: see Slot. After false, what is there may be half of a value
//   static std::string expected()                  "an integer": what read() takes
//   static bool resembles(const TermView& view)    of containers: whether read() would look at what the term contains
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "heirloom/typed/reading.hpp"

namespace heirloom {

// The customisation point: see typed.hpp.
template <typename T>
struct TermOf;

namespace typed {

template <typename... Ts>
struct Types {};

template <typename... Ts>
struct CodecOf {
  using Parts = Types<Ts...>;
  static constexpr bool kReadable = true;
  static constexpr bool kBorrows = false;
  static constexpr bool kOwns = false;
};

template <typename T>
struct Codec;

template <typename T>
concept HasCodec = requires {
  sizeof(Codec<T>);
};

template <typename T>
concept HasForm = requires {
  typename TermOf<T>::Form;
};

// Where a T is read into: a T that is there before, if it can be, or none yet.
template <typename T>
concept InPlace = std::is_move_assignable_v<T> && requires {
  T{};
};

template <typename T>
class Slot {
 public:
  [[nodiscard]] bool read(Reading& reading, const TermView& view) { return Codec<T>::read(reading, view, place_); }

  // Requires that read() was true, and is for once.
  T&& take() noexcept {
    if constexpr (InPlace<T>) {
      return std::move(place_);
    } else {
      return *std::move(place_);
    }
  }

 private:
  std::conditional_t<InPlace<T>, T, std::optional<T>> place_{};
};

struct Nothing {};
template <typename T>
struct Type {
  using Is = T;
};

// The first part of a type that stands in the way of writing or reading it, or Nothing. A type that contains itself, such as
// struct tree with a vector of trees, is judged by its other parts.
template <bool kRead, typename T, typename... Around>
struct ObstacleOf;

template <bool kRead, typename... Around>
constexpr auto obstacle_in(Types<> /*parts*/) {
  return Type<Nothing>();
}
template <bool kRead, typename... Around, typename First, typename... Others>
constexpr auto obstacle_in(Types<First, Others...> /*parts*/) {
  using Found = typename ObstacleOf<kRead, First, Around...>::Is;
  if constexpr (!std::is_same_v<Found, Nothing>) {
    return Type<Found>();
  } else {
    return obstacle_in<kRead, Around...>(Types<Others...>());
  }
}

template <bool kRead, typename T, typename... Around>
constexpr auto obstacle_of() {
  if constexpr ((std::is_same_v<T, Around> || ...)) {
    return Type<Nothing>();
  } else if constexpr (!HasCodec<T>) {
    return Type<T>();
  } else if constexpr (kRead && !Codec<T>::kReadable) {
    return Type<T>();
  } else {
    return obstacle_in<kRead, T, Around...>(typename Codec<T>::Parts());
  }
}

template <bool kRead, typename T, typename... Around>
struct ObstacleOf : decltype(obstacle_of<kRead, T, Around...>()) {};

template <typename Part>
concept NoObstacle = std::is_same_v<Part, Nothing>;

template <typename T, typename... Around>
constexpr bool borrows();

template <typename... Around, typename... Ts>
constexpr bool any_borrows(Types<Ts...> /*parts*/) {
  return (borrows<Ts, Around...>() || ...);
}

template <typename T, typename... Around>
constexpr bool borrows() {
  if constexpr ((std::is_same_v<T, Around> || ...)) {
    return false;
  } else {
    return Codec<T>::kBorrows || (!Codec<T>::kOwns && any_borrows<T, Around...>(typename Codec<T>::Parts()));
  }
}

// Reads once more what was refused, to say why.
template <typename T>
[[noreturn, gnu::cold]] void raise_mismatch(TermView view) {
  Mismatch why;
  Reading reading(why);
  (void)Slot<T>().read(reading, view);
  if constexpr (requires { Codec<T>::kRoot; }) {
    why.raise(Codec<T>::kRoot);
  } else {
    why.raise("term");
  }
}

}  // namespace typed

// Types that to_term() takes. A compiler that refuses one names the part without a conversion, as `Part`.
template <typename T>
concept TermWritable = typed::NoObstacle<typename typed::ObstacleOf<false, std::remove_cv_t<T>>::Is>;

// Types that from_term() gives.
template <typename T>
concept TermReadable = typed::NoObstacle<typename typed::ObstacleOf<true, T>::Is>;

template <typename T>
concept TermConvertible = TermWritable<T> && TermReadable<T>;

// Types whose values, read from a term, refer to its words: std::string_view, TermView, and what contains them.
template <typename T>
concept BorrowsFromTerm = TermReadable<T> && typed::borrows<T>();

}  // namespace heirloom
