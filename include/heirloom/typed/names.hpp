// SPDX-License-Identifier: Apache-2.0
//
// Names of types, members and enumerators. C++20 has no way to ask for them, but a compiler writes template arguments into
// __PRETTY_FUNCTION__: g++ 12 "[with T = app::session]", clang 14 "[T = app::session]". What is taken from there is one
// identifier, and nothing is taken for granted: with a compiler that writes something else, which NameProbe finds out, members
// have no names, records need a name of their own, and enums a TermOf.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace heirloom::typed {

constexpr bool is_identifier_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The identifier that a text ends in, or nothing: "app::session" -> "session", "box<int>" and "(color)5" -> "".
constexpr std::string_view last_identifier(std::string_view text) noexcept {
  std::size_t begin = text.size();
  while (begin > 0 && is_identifier_character(text[begin - 1])) --begin;
  const std::string_view found = text.substr(begin);
  return found.empty() || (found[0] >= '0' && found[0] <= '9') ? std::string_view() : found;
}

// Without what closes the list of template arguments.
constexpr std::string_view without_end(std::string_view text, std::string_view end) noexcept {
  return text.ends_with(end) ? text.substr(0, text.size() - end.size()) : std::string_view();
}

// Not std::string_view as the type that they return: g++ would explain that alias too.
template <typename T>
constexpr const char* text_of_type() noexcept {
  return __PRETTY_FUNCTION__;
}
template <auto Value>
constexpr const char* text_of_value() noexcept {
  return __PRETTY_FUNCTION__;
}
template <typename Enum, Enum... Values>
constexpr const char* text_of_enumerators() noexcept {
  return __PRETTY_FUNCTION__;
}

// The name of a struct or enum without the namespaces and classes around it. Nothing for those that have no such name, and
// for instances of templates.
template <typename T>
constexpr std::string_view unqualified_name() noexcept {
  return last_identifier(without_end(text_of_type<T>(), "]"));
}

struct NameProbe {
  int member;
};
inline constexpr bool kTypesHaveNames = unqualified_name<NameProbe>() == "NameProbe";

// An object of static storage whose members have addresses, which is all that is used of it: it is never defined.
template <typename T>
struct Specimen {
  const T value;
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
  static const Specimen kOne;
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
};

// clang 14 takes no pointer to a member of an object as a template argument, but a struct that holds one.
template <typename T>
struct Address {
  const T* of;
};
template <typename T>
Address(const T*) -> Address<T>;

// The name that the text of an address ends in: "{((const int*)(& ...::app::session::hits))}]" or "{&kOne.value.hits}]".
constexpr std::string_view name_in_address(std::string_view text) noexcept {
  std::string_view inner = without_end(text, "}]");
  while (inner.ends_with(')')) inner.remove_suffix(1);
  return last_identifier(inner);
}

}  // namespace heirloom::typed
