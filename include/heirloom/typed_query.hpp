// SPDX-License-Identifier: Apache-2.0
//
// Match specifications over the members of a plain struct, for the tables of typed_table.hpp: the expressions of query.hpp, in which
// field<&session::hits> is a member's value. Needs <boost/pfr.hpp>.
//
//   using namespace heirloom::query;
//   std::vector<session> busy = sessions.select(where(field<&session::hits> > 10));
//   std::vector<std::string> admins = sessions.select(where(field<&session::rights> == role::admin).yield(field<&session::user>));
//   sessions.select_delete(where(!has_value(field<&session::idle>)));
//   sessions.select_replace(where(field<&session::hits> < 0).assign<&session::hits>(0));
//
// The compiler checks what query.hpp says, and besides that all members are of one struct, and that a member stands beside what it
// can be: a value of its type, or of one that becomes it (`field<&visit::stayed> > 2s`). Numbers are compared as numbers, with `==` too:
// 1 and 1.0 are equal, where query.hpp is for the same term. What functions take - max(), is_atom() - is not looked at. `<` and its
// sisters compare numbers, strings, times, and tuples of these; not enums, which Erlang orders by their names, and not optionals, of
// which has_value() is asked first: has_value(field<&session::idle>) && value(field<&session::idle>) > 5s.
//
// Objects of the table that are none of the struct's records, by name or size, are passed over.
//
// A condition that says what the key is, where(field<&session::user> == "alice" && ...), finds the object as lookup() does.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "heirloom/query.hpp"
#include "heirloom/typed.hpp"

namespace heirloom::query {

template <typename T>
concept RecordOfTable = typed::Record<T> && TermConvertible<T> &&(typed::kMemberCount<T> > 0);

// The element of a record in which a member is, from 1: its name is the first.
template <auto kMember>
inline constexpr std::int64_t kPosition = static_cast<std::int64_t>(typed::Member<kMember>::kIndex) + 2;

namespace detail {

// From a struct to a member of a member.
template <typename Outer, auto... kPath>
struct Path {
  using End = Outer;
  static Term from(Term outer) { return outer; }
};
template <typename Outer, auto kNext, auto... kRest>
requires typed::Record<Outer> && std::same_as<Outer, typename typed::Member<kNext>::Record>
struct Path<Outer, kNext, kRest...> {
  using Rest = Path<typename typed::Member<kNext>::Type, kRest...>;
  using End = typename Rest::End;
  static Term from(const Term& outer) {
    const Term arguments[] = {kPosition<kNext>, outer};
    return Rest::from(call("element", arguments));
  }
};

}  // namespace detail

// A member of the object; or a member of that, field<&session::last_visit, &visit::page>, where both are structs.
template <auto kMember, auto... kPath>
struct Field {
  using Record = typename typed::Member<kMember>::Record;
  using Way = detail::Path<typename typed::Member<kMember>::Type, kPath...>;
  using Value = typename Way::End;
  [[nodiscard]] static Term term() {
    return Way::from(Term(Atom("$" + std::to_string(typed::Member<kMember>::kIndex + 1))));
  }
};
template <auto kMember, auto... kPath>
inline constexpr Field<kMember, kPath...> field;

namespace detail {

template <auto kMember, auto... kPath>
struct Facts<Field<kMember, kPath...>>
    : Facts<Expression<typename Field<kMember, kPath...>::Value, 0, typename Field<kMember, kPath...>::Record>> {};
template <typename... T>
inline constexpr bool kIsOrdered<std::tuple<T...>> = (kIsOrdered<T> && ...);
template <typename First, typename Second>
inline constexpr bool kIsOrdered<std::pair<First, Second>> = kIsOrdered<First>&& kIsOrdered<Second>;
template <typename Count, typename Period>
inline constexpr bool kIsOrdered<std::chrono::duration<Count, Period>> = true;
template <typename Clock, typename Duration>
inline constexpr bool kIsOrdered<std::chrono::time_point<Clock, Duration>> = true;
template <>
inline constexpr bool kIsOrdered<std::string> = true;

// Integers stay what they are, also where the member could not hold them. Beside floats, numbers are floats of 64 bits, as in C++.
template <typename V, typename T>
requires std::integral<V> && kIsNumber<V> && std::integral<T> && kIsNumber<T>
struct Literal<V, T> {
  static Term term(T value) { return Term(value); }
};
template <typename V, typename T>
requires std::floating_point<V> && kIsNumber<T>
struct Literal<V, T> {
  static Term term(T value) { return to_term(static_cast<double>(value)); }
};
template <typename T>
requires std::convertible_to<const T&, std::string_view>
struct Literal<std::string, T> {
  static Term term(std::string_view value) { return Term(value); }
};
template <typename V, typename T>
inline constexpr bool kBecomesMember = !std::is_same_v<V, Term> && !std::is_same_v<V, std::string> &&
                                       !std::is_arithmetic_v<V> && std::is_convertible_v<const T&, V>;
// An optional is empty, or one; what else it may be is what it holds.
template <typename V, typename T>
inline constexpr bool kBecomesMember<std::optional<V>, T> =
    std::is_same_v<T, std::optional<V>> || std::is_same_v<T, std::nullopt_t>;
template <typename V, typename T>
requires kBecomesMember<V, T>
struct Literal<V, T> {
  static Term term(const T& value) { return to_term<V>(value); }
};
template <typename V, typename T>
requires HasLiteral<V, T> &&(!std::same_as<T, std::optional<V>>)struct Literal<std::optional<V>, T> : Literal<V, T> {
};

// That a member of type M can hold all values of an expression: of its own type, of smaller integers, of floats; and, as counters
// do, of integers that were computed.
template <typename M, typename V>
inline constexpr bool kHolds = std::is_same_v<M, V> || std::is_same_v<M, Term> ||
                               (std::is_same_v<V, Term> && std::is_integral_v<M> && kIsNumber<M> &&
                                sizeof(M) == sizeof(std::int64_t));
template <typename M, typename V>
requires(std::integral<M>&& std::integral<V>&& kIsNumber<M>&& kIsNumber<V> &&
         !std::same_as<M, V>) inline constexpr bool kHolds<M, V> = std::cmp_less_equal(std::numeric_limits<M>::min(),
                                                                                       std::numeric_limits<V>::min()) &&
                                                                   std::cmp_less_equal(std::numeric_limits<V>::max(),
                                                                                       std::numeric_limits<M>::max());
template <typename M, typename V>
inline constexpr bool kHolds<std::optional<M>, V> = std::is_same_v<std::optional<M>, V> || kHolds<M, V>;

// That a member of T, not its key, may be assigned a V: a value that it can be, or an expression.
template <typename M, typename T, typename V>
concept AssignableOf = HasLiteral<M, V> ||(Expressive<V>&& Facts<V>::kVariables == 0 &&
                                           OfOneRecord<V, Expression<M, 0, T>> && kHolds<M, typename Facts<V>::Value>);
template <typename T, auto kMember, typename V>
concept Assignable = std::same_as<typename typed::Member<kMember>::Record, T> &&(typed::Member<kMember>::kIndex > 0) &&
                     AssignableOf<typename typed::Member<kMember>::Type, T, V>;

template <typename T, typename R>
concept ConditionOn = Expressive<T> && kIsCondition<T> && Facts<T>::kVariables == 0 &&
                      (std::same_as<typename Facts<T>::Record, R> || std::is_void_v<typename Facts<T>::Record>);

}  // namespace detail

// Whether an optional is not empty, and what it holds then.
template <detail::Expressive T>
requires typed::IsOptional<typename detail::Facts<T>::Value>
[[nodiscard]] auto has_value(const T& optional) { return optional != std::nullopt; }
template <detail::Expressive T>
requires typed::IsOptional<typename detail::Facts<T>::Value>
[[nodiscard]] auto value(const T& optional) {
  return Expression<typename detail::Facts<T>::Value::value_type, 0, typename detail::Facts<T>::Record>{
      detail::term_of(optional)};
}

// What to select of records of T, each match a Result; several clauses are tried in turns: where(...).yield(...) || ....
template <RecordOfTable T, typename R>
class Query {
 public:
  using Record = T;
  using Result = R;

  explicit Query(Term clause) : clauses_{std::move(clause)} {}
  [[nodiscard]] MatchSpec spec() const { return detail::spec_of(clauses_); }
  [[nodiscard]] friend Query operator||(Query left, const Query& right) {
    left.clauses_.insert(left.clauses_.end(), right.clauses_.begin(), right.clauses_.end());
    return left;
  }

 private:
  std::vector<Term> clauses_;
};

// What to replace records of T by, for select_replace.
template <RecordOfTable T>
class Replacement {
 public:
  using Record = T;

  explicit Replacement(std::vector<Term> guards)
      : guards_(std::move(guards)), body_(detail::record_elements(typed::record_atom<T>(), typed::kMemberCount<T>)) {}

  // One more member that changes, to a value or to what an expression says of the object as it was. Not the key. Error{type}: the
  // member cannot hold that number.
  template <auto kMember, typename V>
  requires detail::Assignable<T, kMember, V>
  [[nodiscard]] Replacement assign(const V& value) const {
    Replacement more = *this;
    Term& element = more.body_[typed::Member<kMember>::kIndex + 1];
    element = detail::term_beside<Field<kMember>>(value);
    if constexpr (!detail::Expressive<V>) refuse_other<typename typed::Member<kMember>::Type>(value);
    return more;
  }
  [[nodiscard]] MatchSpec spec() const {
    const Term clause = detail::record_clause(typed::record_atom<T>(), typed::kMemberCount<T>, guards_,
                                              heirloom::tuple({heirloom::tuple(body_)}));
    return detail::spec_of({&clause, 1});
  }

 private:
  template <typename M, typename V>
  static void refuse_other(const V& value) {
    const Term term = detail::Literal<M, V>::term(value);
    static_cast<void>(from_term<M>(term));
  }

  std::vector<Term> guards_;
  std::vector<Term> body_;
};

// The records of T for which all conditions hold.
template <RecordOfTable T>
class Records {
 public:
  using Record = T;
  using Result = T;

  // One more condition, which must hold, too.
  template <detail::ConditionOn<T> C>
  [[nodiscard]] Records where(const C& condition) const {
    Records more = *this;
    more.guards_.push_back(detail::term_of(condition));
    return more;
  }
  template <detail::Operand V>
  requires(detail::Facts<V>::kVariables == 0) &&
      detail::OfOneRecord<V, Expression<Term, 0, T>> [[nodiscard]] auto yield(const V& value) const {
    return Query<T, typename detail::Facts<V>::Value>(clause(detail::term_of(value)));
  }
  template <auto kMember, typename V>
  requires detail::Assignable<T, kMember, V>
  [[nodiscard]] Replacement<T> assign(const V& value) const {
    return Replacement<T>(guards_).template assign<kMember>(value);
  }

  [[nodiscard]] MatchSpec spec() const { return spec_of(object()); }
  [[nodiscard]] MatchSpec spec_of_true() const { return spec_of(true); }  // as count and delete take it
  operator Query<T, T>() const { return Query<T, T>(clause(Term(Atom("$_")))); }

 private:
  [[nodiscard]] Term clause(const Term& body) const {
    return detail::record_clause(typed::record_atom<T>(), typed::kMemberCount<T>, guards_, body);
  }
  template <typename V>
  [[nodiscard]] MatchSpec spec_of(const V& value) const {
    const Term only = clause(detail::term_of(value));
    return detail::spec_of({&only, 1});
  }

  std::vector<Term> guards_;
};

// All records of T, and those for which a condition holds.
template <RecordOfTable T>
[[nodiscard]] Records<T> records() {
  return {};
}
template <detail::Expressive C>
requires RecordOfTable<typename detail::Facts<C>::Record> && detail::ConditionOn<C, typename detail::Facts<C>::Record>
[[nodiscard]] auto where(const C& condition) { return Records<typename detail::Facts<C>::Record>().where(condition); }

}  // namespace heirloom::query
