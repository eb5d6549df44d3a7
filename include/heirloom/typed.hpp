// SPDX-License-Identifier: Apache-2.0
//
// Typed values: plain C++ structs, and what they are made of, as terms and back. No macros, nothing to register. This header
// needs <boost/pfr.hpp> (Boost 1.75 or later, headers only); <heirloom/heirloom.hpp> does not, and does not include this one.
//
//   struct session {
//     std::string user;
//     std::int64_t hits;
//     std::optional<std::chrono::seconds> idle;
//   };
//
//   Term object = to_term(session{"alice", 7, {}});           // {session, <<"alice">>, 7, undefined}
//   session alice = from_term<session>(object);               // throws Error{type} where the term is no session
//   std::optional<session> perhaps = try_from_term<session>(object);
//
// A struct is the Erlang record of its unqualified name, its members in their order; a table of such records has keypos 2
// (typed_table.hpp). What each type becomes is the table of docs/values.md; in short:
//
//   integers, chrono durations and time points (their count)  integer      std::string, vectors and arrays of bytes  binary
//   float, double                                             float        other std::vector, std::array             list
//   bool, Atom, enums (the enumerator's name)                 atom         std::pair, std::tuple                     tuple
//   std::optional, std::monostate (empty: undefined)          or atom      std::map, std::unordered_map              map
//   std::variant (the first alternative that fits)            any of its   Term                                      any term
//
// Structs are aggregates without base classes, bit fields and C arrays, of at most 100 members, and not instances of a
// template unless they have a `record_name` (kRecordName in typed/records.hpp). For a type that is none of these, say which
// other type it converts by:
//
//   template <>
//   struct heirloom::TermOf<money> {
//     using Form = std::int64_t;                                    // any type that converts, such as a struct, or Term
//     static std::int64_t to_form(const money& m) { return m.cents(); }         // called twice, and must say the same
//     static std::optional<money> from_form(std::int64_t cents);    // or money; nothing: the term is no money
//     static constexpr std::string_view kExpected = "an amount";    // optional, for the message
//   };
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "heirloom/term.hpp"
#include "heirloom/typed/binaries.hpp"
#include "heirloom/typed/codec.hpp"
#include "heirloom/typed/enums.hpp"
#include "heirloom/typed/forms.hpp"
#include "heirloom/typed/maps.hpp"
#include "heirloom/typed/optional.hpp"
#include "heirloom/typed/reading.hpp"
#include "heirloom/typed/records.hpp"
#include "heirloom/typed/scalars.hpp"
#include "heirloom/typed/sequences.hpp"
#include "heirloom/typed/variants.hpp"
#include "heirloom/typed/writer.hpp"

namespace heirloom {

// Throws Error{badarg} for what no term can say - NaN and infinity, a null `const char*`, a number that is no enumerator, an
// optional that holds the atom undefined, map keys that differ in C++ only -, and Error{system_limit} beyond 500 containers
// in each other or the size of a term.
template <TermWritable T>
[[nodiscard]] Term to_term(const T& value) {
  return typed::term_of<T>(value);
}
[[nodiscard]] inline Term to_term(const char* text) { return typed::term_of<const char*>(text); }

// Throws Error{type} when the term is no T, and says where: "read session.hits (element 3): expected an integer, found
// <<"x">>"; Error{system_limit} beyond 500 containers in each other. A number that its type cannot hold is an error too;
// only a float that is read as `float` is rounded.
//
// What is read owns its memory, unless T contains a std::string_view or TermView (BorrowsFromTerm): these refer to the words
// of the term, and live as long as a view of it. So they are not read from a Term that is about to go.
template <TermReadable T>
[[nodiscard]] T from_term(TermView view) {
  typed::Reading reading;
  if constexpr (typed::InPlace<T>) {
    T value{};
    if (!typed::Codec<T>::read(reading, view, value)) typed::raise_mismatch<T>(view);
    return value;
  } else {
    std::optional<T> value;
    if (!typed::Codec<T>::read(reading, view, value)) typed::raise_mismatch<T>(view);
    return *std::move(value);
  }
}
template <TermReadable T>
requires BorrowsFromTerm<T> T from_term(const Term&& going)
= delete;

// The same, for when another term is no error; nothing is thrown, and no text made.
template <TermReadable T>
[[nodiscard]] std::optional<T> try_from_term(TermView view) {
  typed::Reading reading;
  std::optional<T> value;
  if constexpr (typed::InPlace<T>) {
    if (!typed::Codec<T>::read(reading, view, value.emplace(T{}))) value.reset();
  } else {
    if (!typed::Codec<T>::read(reading, view, value)) value.reset();
  }
  return value;
}
template <TermReadable T>
requires BorrowsFromTerm<T> std::optional<T> try_from_term(const Term&& going)
= delete;

}  // namespace heirloom
