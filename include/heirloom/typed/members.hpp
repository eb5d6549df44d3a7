// SPDX-License-Identifier: Apache-2.0
//
// The members of a plain struct: their number, types, names, and references to them, which Boost.PFR gives.
#pragma once

#if !__has_include(<boost/pfr.hpp>)
#error "heirloom/typed.hpp needs <boost/pfr.hpp> of Boost 1.75 or later (Debian 12: libboost1.81-dev)"
#endif

#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/pfr.hpp>

#include "heirloom/typed/names.hpp"

namespace heirloom::typed {

// In place of any member, also of those that cannot be copied; and of any base class. Nothing ever calls these functions, but
// clang wants to see them.
struct AnyMember {
  std::size_t ignored;
  template <typename M>
  operator M&() const&& {
    std::abort();
  }
  template <typename M>
  operator M&() const& {
    std::abort();
  }
};
struct AnyMovedMember {
  std::size_t ignored;
  template <typename M>
  operator M() const&& {
    std::abort();
  }
};
template <typename T>
struct AnyBase {
  template <typename Base>
  requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>) operator Base() const { std::abort(); }
};

template <typename T, std::size_t... I>
constexpr bool takes_members(std::index_sequence<I...> /*indexes*/) noexcept {
  if constexpr (std::is_copy_constructible_v<T>) {
    return requires { T{AnyMember{I}...}; };
  } else {
    return requires { T{AnyMovedMember{I}...}; };
  }
}

inline constexpr std::size_t kUncountable = static_cast<std::size_t>(-1);

// The first number of members that fits while the next one does not. Why not PFR's own boost::pfr::tuple_size? Where T{} does
// not compile - an Atom has no default - it tries every number up to the bits of the struct, which takes a compiler minutes
// for one of some hundred bytes; and g++ 12 breaks down in it over a std::array of structs.
template <typename T, std::size_t N = 0>
constexpr std::size_t count_members() noexcept {
  if constexpr (N > sizeof(T)) {
    return kUncountable;
  } else if constexpr (takes_members<T>(std::make_index_sequence<N>()) &&
                       !takes_members<T>(std::make_index_sequence<N + 1>())) {
    return N;
  } else {
    return count_members<T, N + 1>();
  }
}

template <typename T>
constexpr bool has_base() noexcept {
  return requires { T{AnyBase<T>()}; };
}

template <typename Tied, std::size_t... I>
constexpr auto to_std_tuple(const Tied& tied, std::index_sequence<I...> /*indexes*/) noexcept {
  return std::tie(boost::pfr::detail::sequence_tuple::get<I>(tied)...);
}

// References to all members, as std::tie makes them. PFR has a structured binding for each number of members; the function
// that takes a number is none of its public ones, but the same in all its versions.
template <typename T>
constexpr auto members_of([[maybe_unused]] T& value) noexcept {
  if constexpr (std::is_empty_v<T>) {
    return std::tuple<>();
  } else {
    constexpr std::size_t kCount = count_members<std::remove_const_t<T>>();
    return to_std_tuple(boost::pfr::detail::tie_as_tuple(value, boost::pfr::detail::size_t_<kCount>()),
                        std::make_index_sequence<kCount>());
  }
}

template <typename T>
using MembersOf = decltype(members_of(std::declval<T&>()));

template <typename T>
inline constexpr std::size_t kMemberCount = std::tuple_size_v<MembersOf<T>>;

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
// As a template argument, which only what lies in the object can be: a reference leads the compiler nowhere.
template <typename T, std::size_t I>
concept HasMember = requires {
  text_of_value<Address{&std::get<I>(members_of(Specimen<T>::kOne.value))}>();
};

template <typename T, std::size_t I>
constexpr std::string_view text_of_member() noexcept {
  return name_in_address(text_of_value<Address{&std::get<I>(members_of(Specimen<T>::kOne.value))}>());
}

// Which member a pointer names, or kMemberCount<T>.
template <typename T, std::size_t I, typename M>
constexpr bool is_member(M T::*pointer) noexcept {
  if constexpr (std::is_same_v<std::tuple_element_t<I, MembersOf<const T>>, const M&>) {
    return &std::get<I>(members_of(Specimen<T>::kOne.value)) == &(Specimen<T>::kOne.value.*pointer);
  } else {
    return false;
  }
}
template <typename T, typename M, std::size_t... I>
constexpr std::size_t index_of_member(M T::*pointer, std::index_sequence<I...> /*indexes*/) noexcept {
  std::size_t found = sizeof...(I);
  ((is_member<T, I>(pointer) ? static_cast<void>(found = I) : static_cast<void>(0)), ...);
  return found;
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

// A member that a pointer to it names: of which struct it is, of which type, and which one, from 0.
template <auto kPointer>
struct Member;
template <typename T, typename M, M T::*kPointer>
struct Member<kPointer> {
  using Record = T;
  using Type = std::remove_const_t<M>;
  static constexpr std::size_t kIndex = index_of_member(kPointer, std::make_index_sequence<kMemberCount<T>>());
};

// Empty where the compiler does not tell.
template <typename T, std::size_t I>
constexpr std::string_view member_name() noexcept {
  return text_of_member<NameProbe, 0>() == "member" ? text_of_member<T, I>() : std::string_view();
}

template <typename T, std::size_t... I>
constexpr bool has_members(std::index_sequence<I...> /*indexes*/) noexcept {
  return (HasMember<T, I> && ...);
}

// Structs that PFR can take apart, and that hold what their members are.
template <typename T>
constexpr bool holds_its_members() noexcept {
  if constexpr (std::is_empty_v<T>) {
    return true;
  } else if constexpr (has_base<T>() || count_members<T>() == kUncountable) {
    return false;
  } else {
    return has_members<T>(std::make_index_sequence<kMemberCount<T>>());
  }
}

}  // namespace heirloom::typed
