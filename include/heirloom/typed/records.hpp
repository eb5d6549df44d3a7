// SPDX-License-Identifier: Apache-2.0
//
// Plain structs: tuples that begin with the struct's name, which is how Erlang lays out its records.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "heirloom/typed/codec.hpp"
#include "heirloom/typed/members.hpp"

namespace heirloom {

namespace typed {

template <typename T>
constexpr std::string_view default_record_name() noexcept {
  if constexpr (requires { std::bool_constant<std::string_view(T::record_name).empty()>(); }) {
    return T::record_name;
  } else if constexpr (kTypesHaveNames) {
    return unqualified_name<T>();
  } else {
    return {};
  }
}

}  // namespace typed

// The name of a struct's record: its member `static constexpr std::string_view record_name`, or else its own name without
// namespaces. For structs that you cannot change, specialise this:
//   template <> inline constexpr std::string_view heirloom::kRecordName<theirs::session> = "web_session";
template <typename T>
inline constexpr std::string_view kRecordName = typed::default_record_name<T>();

namespace typed {

// Not std::array, which is an aggregate too, and has a codec of its own.
template <typename T>
concept TupleLike = requires {
  std::tuple_size<T>::value;
};

template <typename T>
concept PlainStruct = std::is_class_v<T> && std::is_aggregate_v<T> && !TupleLike<T> && holds_its_members<T>();

template <typename T>
concept Record = PlainStruct<T> && !HasForm<T> && !kRecordName<T>.empty();

template <typename T>
Atom record_atom() {
  static const Atom atom(kRecordName<T>);
  return atom;
}

template <typename Tied>
struct PartsOfTied;
template <typename... Ts>
struct PartsOfTied<std::tuple<Ts&...>> {
  using Codecs = CodecOf<std::remove_cv_t<Ts>...>;
  using Slots = std::tuple<Slot<std::remove_cv_t<Ts>>...>;
};

template <Record T>
struct Codec<T> : PartsOfTied<MembersOf<T>>::Codecs {
  static constexpr std::size_t kMembers = kMemberCount<T>;
  static constexpr std::string_view kRoot = kRecordName<T>;

  template <typename Sink>
  static void put(Sink& sink, const T& value) {
    sink.open_tuple(kMembers + 1);
    sink.atom(record_atom<T>());
    std::apply([&]<typename... Ms>(const Ms&... members) { (Codec<std::remove_cv_t<Ms>>::put(sink, members), ...); },
               members_of(value));
    sink.close();
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Elements elements;
    if (!read_tuple(view, kMembers + 1, elements) || !is_atom(elements[0], record_atom<T>()))
      return reading.refuse(view, expected);
    Descent descent(reading);
    if (descent.too_deep()) return descent.refuse(view);
    return read_members(reading, elements, into, std::make_index_sequence<kMembers>());
  }

  static bool resembles(const TermView& view) {
    Elements elements;
    return read_tuple(view, kMembers + 1, elements) && is_atom(elements[0], record_atom<T>());
  }

  // As an Erlang pattern: {session,_,_}.
  static std::string expected() {
    std::string pattern = "{" + to_string(Term(record_atom<T>()));
    for (std::size_t i = 0; i < kMembers; ++i) pattern += ",_";
    return pattern + '}';
  }

 private:
  template <std::size_t I>
  static bool at_member(Reading& reading) {
    return reading.at_member(member_name<T, I>(), I + 2);
  }

  template <std::size_t... I>
  static bool read_members(Reading& reading, [[maybe_unused]] const Elements& elements, T& into,
                           std::index_sequence<I...> /*indexes*/) {
    [[maybe_unused]] const auto members = members_of(into);
    return ((read_member(reading, elements[I + 1], std::get<I>(members)) || at_member<I>(reading)) && ...);
  }
  template <typename M>
  static bool read_member(Reading& reading, const TermView& view, M& into) {
    return Codec<std::remove_cv_t<M>>::read(reading, view, into);
  }

  template <std::size_t... I>
  static bool read_members(Reading& reading, const Elements& elements, std::optional<T>& into,
                           std::index_sequence<I...> /*indexes*/) {
    typename PartsOfTied<MembersOf<T>>::Slots slots;
    if (!((std::get<I>(slots).read(reading, elements[I + 1]) || at_member<I>(reading)) && ...)) return false;
    into.emplace(T{std::get<I>(slots).take()...});
    return true;
  }
};

}  // namespace typed
}  // namespace heirloom
