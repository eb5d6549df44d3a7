// SPDX-License-Identifier: Apache-2.0
//
// Match specifications as C++ expressions, which the compiler checks: that parentheses match, that functions have as many arguments as
// they take, that a condition is one, and that every variable is bound by the head. They become the same terms, and the same programs,
// as the text that they look like.
//
//   using namespace heirloom::query;
//   // [{{'$1','$2','$3'},[{'andalso',{'>','$2',10},{is_binary,'$3'}}],[{{'$1','$2'}}]}]
//   std::vector<Term> busy = table.select(match(_1, _2, _3).where(_2 > 10 && is_binary(_3)).yield(tuple(_1, _2)));
//
//   table.select_delete(match(any, "expired"_atom).yield(true));
//   table.select_replace(match(_1, _2).where(_2 < 0).yield(tuple(_1, 0)));
//
// Clauses are tried in turns: match(...).yield(...) || match(...).yield(...). Without where() a clause has no guards; of select, a clause
// without yield() gives the object.
//
// Values that stand beside expressions are terms: integers, floats, strings (binaries), atoms, Term. `==` and `!=` are Erlang's =:= and
// =/=, as those of Term; equivalent() and not_equivalent() are == and /=. Over the members of a struct: typed_query.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "heirloom/match_spec.hpp"
#include "heirloom/term.hpp"

namespace heirloom::query {

// Which variables an expression or a head has: bit N - 1 for _N.
using Variables = std::uint64_t;
inline constexpr int kVariablesMax = 64;

// An expression: the term that it is in a specification, and what the compiler knows of it: of which type its values are (Term: of
// any), which variables it has, and of which struct's members it speaks (void: of none).
template <typename V = Term, Variables kVariables = 0, typename Record = void>
struct Expression {
  Term term;
};
template <Variables kVariables = 0, typename Record = void>
using Condition = Expression<bool, kVariables, Record>;

// A variable of a head, and its value in guards and bodies.
template <int kNumber>
requires(kNumber >= 1 && kNumber <= kVariablesMax) struct Variable {
  static constexpr Variables kVariables = Variables{1} << (kNumber - 1);
  [[nodiscard]] static Term term() { return Term(Atom("$" + std::to_string(kNumber))); }
};
inline constexpr Variable<1> _1;
inline constexpr Variable<2> _2;
inline constexpr Variable<3> _3;
inline constexpr Variable<4> _4;
inline constexpr Variable<5> _5;
inline constexpr Variable<6> _6;
inline constexpr Variable<7> _7;
inline constexpr Variable<8> _8;
inline constexpr Variable<9> _9;

// In heads: anything.
struct Any {};
inline constexpr Any any;

// For the rest of this header.
namespace detail {

// What a value is in a specification: itself, or in {const,...} where it would be more.
[[nodiscard]] Term constant(const Term& value);
// A value in a head. Throws Error{badarg} for one that would be a pattern there, as the atom '_'.
[[nodiscard]] Term literal(const Term& value);
[[nodiscard]] Term call(const char* name, std::span<const Term> arguments);
[[nodiscard]] MatchSpec spec_of(std::span<const Term> clauses);
// Whether there is an atom in it that is more than itself in a head or an expression.
[[nodiscard]] bool has_special(const Term& value);

// For typed_query.hpp: [Record,'$1','$2', ...], the elements of an object of so many members; and {Head,Guards,[Body]} over it, where
// each '$N' is that member. Where a guard says what the first one is, which is the key, the head does instead.
[[nodiscard]] std::vector<Term> record_elements(Atom record, std::size_t members);
[[nodiscard]] Term record_clause(Atom record, std::size_t members, std::vector<Term> guards, Term body);

// What the compiler knows of a type that may stand in an expression.
template <typename T>
struct Facts {
  static constexpr bool kExpressive = false;
  static constexpr Variables kVariables = 0;
  using Value = Term;
  using Record = void;
};
template <typename V, Variables kOwn, typename R>
struct Facts<Expression<V, kOwn, R>> {
  static constexpr bool kExpressive = true;
  static constexpr Variables kVariables = kOwn;
  using Value = V;
  using Record = R;
};
template <int kNumber>
struct Facts<Variable<kNumber>> : Facts<Expression<Term, Variable<kNumber>::kVariables>> {};

template <typename T>
concept Expressive = Facts<T>::kExpressive;
template <typename T>
concept Value = !Expressive<T> && !std::same_as<T, Any> && std::constructible_from<Term, T>;
template <typename T>
concept Operand = Expressive<T> || Value<T>;

template <typename... T>
inline constexpr Variables kVariablesOfAll = (Variables{0} | ... | Facts<T>::kVariables);

// The struct of which some types speak. Those of two structs are nobody's object.
struct SeveralRecords;
template <typename... R>
struct OneOf {
  using Type = void;
};
template <typename R, typename... Rest>
struct OneOf<R, Rest...> {
  using Other = typename OneOf<Rest...>::Type;
  using Type = std::conditional_t<std::is_void_v<R> || std::is_same_v<R, Other>, Other,
                                  std::conditional_t<std::is_void_v<Other>, R, SeveralRecords>>;
};
template <typename... T>
using RecordOf = typename OneOf<typename Facts<T>::Record...>::Type;
template <typename... T>
concept OfOneRecord = !std::same_as<RecordOf<T...>, SeveralRecords>;

template <typename... T>
concept Operands = (Operand<T> && ...) && (Expressive<T> || ...) && OfOneRecord<T...>;

template <typename T>
inline constexpr bool kIsCondition = std::same_as<T, bool> ||
                                     (Expressive<T> && std::same_as<typename Facts<T>::Value, bool>);

template <Operand T>
[[nodiscard]] Term term_of(const T& part) {
  if constexpr (requires { T::term(); }) {
    return T::term();
  } else if constexpr (Expressive<T>) {
    return part.term;
  } else {
    return constant(Term(part));
  }
}

template <typename V, typename... T>
[[nodiscard]] auto made(const char* name, std::span<const Term> arguments) {
  return Expression<V, kVariablesOfAll<T...>, RecordOf<T...>>{call(name, arguments)};
}
template <typename V, typename... T>
[[nodiscard]] auto made_of(const char* name, const T&... arguments) {
  const Term terms[] = {term_of(arguments)...};
  return made<V, T...>(name, terms);
}

// What a C++ value of the type T is beside an expression whose values are of the type V; not complete where it can be nothing.
template <typename V, typename T>
struct Literal;
template <Value T>
struct Literal<Term, T> {
  static Term term(const T& value) { return Term(value); }
};
template <typename T>
requires std::same_as<T, bool> || std::same_as<T, Term>
struct Literal<bool, T> : Literal<Term, T> {
};

template <typename V, typename T>
concept HasLiteral = !Expressive<T> && requires(const T& value) {
  Literal<V, T>::term(value);
};

// Types whose values Erlang orders as C++ does; Term stands for all.
template <typename V>
inline constexpr bool kIsNumber = std::is_arithmetic_v<V> && !std::is_same_v<V, bool>;
template <typename V>
inline constexpr bool kIsOrdered = std::is_same_v<V, Term> || kIsNumber<V>;

// What may be compared with what: a value with what it can be, expressions with those of their type, a Term with everything.
template <typename L, typename R>
inline constexpr bool kAlike = std::is_same_v<L, R> || std::is_same_v<L, Term> || std::is_same_v<R, Term> ||
                               (kIsNumber<L> && kIsNumber<R>);
template <typename Left, typename Right>
concept Comparable = OfOneRecord<Left, Right> &&
    ((Expressive<Left> && Expressive<Right> && kAlike<typename Facts<Left>::Value, typename Facts<Right>::Value>) ||
     (Expressive<Left> && HasLiteral<typename Facts<Left>::Value, Right>) ||
     (Expressive<Right> && HasLiteral<typename Facts<Right>::Value, Left>));
template <typename Left, typename Right>
concept Ordered =
    Comparable<Left, Right> && kIsOrdered<typename Facts<Left>::Value> && kIsOrdered<typename Facts<Right>::Value>;
template <typename T>
concept Number = kIsNumber<T> || std::same_as<T, Term> ||
    (Expressive<T> && (std::same_as<typename Facts<T>::Value, Term> || kIsNumber<typename Facts<T>::Value>));
template <typename Left, typename Right>
concept Numbers = Operands<Left, Right> && Number<Left> && Number<Right>;

template <typename Other, typename T>
[[nodiscard]] Term term_beside(const T& part) {
  if constexpr (Expressive<T>) {
    return term_of(part);
  } else {
    return constant(Literal<typename Facts<Other>::Value, T>::term(part));
  }
}
template <typename Left, typename Right>
[[nodiscard]] auto compared(const char* name, const Left& left, const Right& right) {
  const Term terms[] = {term_beside<Right>(left), term_beside<Left>(right)};
  return made<bool, Left, Right>(name, terms);
}

// Members are equal as in C++: 1 is 1.0, and 0.0 is -0.0. Where no float is among them, that is when they are the same term.
template <typename T>
using TypeOf = std::conditional_t<Expressive<T>, typename Facts<T>::Value, T>;
template <typename Left, typename Right>
inline constexpr bool kEqualAsNumbers =
    !std::is_void_v<RecordOf<Left, Right>> &&
    (std::is_floating_point_v<TypeOf<Left>> || std::is_floating_point_v<TypeOf<Right>>);

// The sum and its like of members: a float where one of them is. Of integers it may be any.
template <typename... T>
using ResultOf =
    std::conditional_t<!std::is_void_v<RecordOf<T...>> && (std::is_floating_point_v<TypeOf<T>> || ...), double, Term>;
template <typename... T>
using QuotientOf = std::conditional_t<std::is_void_v<RecordOf<T...>>, Term, double>;

}  // namespace detail

// -- operators --

#define HEIRLOOM_QUERY_OPERATOR(symbol, name, Result)                        \
  template <typename Left, typename Right>                                   \
  requires detail::Numbers<Left, Right>                                      \
  [[nodiscard]] auto operator symbol(const Left& left, const Right& right) { \
    return detail::made_of<detail::Result<Left, Right>>(name, left, right);  \
  }
HEIRLOOM_QUERY_OPERATOR(+, "+", ResultOf)
HEIRLOOM_QUERY_OPERATOR(-, "-", ResultOf)
HEIRLOOM_QUERY_OPERATOR(*, "*", ResultOf)
HEIRLOOM_QUERY_OPERATOR(/, "/", QuotientOf)  // a float, as in Erlang; quotient() is div
HEIRLOOM_QUERY_OPERATOR(%, "rem", ResultOf)
HEIRLOOM_QUERY_OPERATOR(&, "band", ResultOf)
HEIRLOOM_QUERY_OPERATOR(|, "bor", ResultOf)
HEIRLOOM_QUERY_OPERATOR(^, "bxor", ResultOf)
HEIRLOOM_QUERY_OPERATOR(<<, "bsl", ResultOf)
HEIRLOOM_QUERY_OPERATOR(>>, "bsr", ResultOf)
#undef HEIRLOOM_QUERY_OPERATOR

#define HEIRLOOM_QUERY_COMPARISON(symbol, name, Sides)                       \
  template <typename Left, typename Right>                                   \
  requires detail::Sides<Left, Right>                                        \
  [[nodiscard]] auto operator symbol(const Left& left, const Right& right) { \
    return detail::compared(name, left, right);                              \
  }
HEIRLOOM_QUERY_COMPARISON(<, "<", Ordered)
HEIRLOOM_QUERY_COMPARISON(<=, "=<", Ordered)
HEIRLOOM_QUERY_COMPARISON(>, ">", Ordered)
HEIRLOOM_QUERY_COMPARISON(>=, ">=", Ordered)
#undef HEIRLOOM_QUERY_COMPARISON
template <typename Left, typename Right>
requires detail::Comparable<Left, Right>
[[nodiscard]] auto operator==(const Left& left, const Right& right) {
  return detail::compared(detail::kEqualAsNumbers<Left, Right> ? "==" : "=:=", left, right);
}
template <typename Left, typename Right>
requires detail::Comparable<Left, Right>
[[nodiscard]] auto operator!=(const Left& left, const Right& right) {
  return detail::compared(detail::kEqualAsNumbers<Left, Right> ? "/=" : "=/=", left, right);
}

template <detail::Expressive T>
requires detail::Number<T>
[[nodiscard]] auto operator-(const T& operand) { return detail::made_of<Term>("-", operand); }
template <detail::Expressive T>
requires detail::Number<T>
[[nodiscard]] auto operator~(const T& operand) { return detail::made_of<Term>("bnot", operand); }

// Of conditions only; condition() makes one of a value that is true or false.
template <typename Left, typename Right>
requires(detail::kIsCondition<Left>&& detail::kIsCondition<Right>&& detail::Operands<Left, Right>) [[nodiscard]] auto
operator&&(const Left& left, const Right& right) {
  return detail::made_of<bool>("andalso", left, right);
}
template <typename Left, typename Right>
requires(detail::kIsCondition<Left>&& detail::kIsCondition<Right>&& detail::Operands<Left, Right>) [[nodiscard]] auto
operator||(const Left& left, const Right& right) {
  return detail::made_of<bool>("orelse", left, right);
}
template <detail::Expressive T>
requires detail::kIsCondition<T>
[[nodiscard]] auto operator!(const T& operand) { return detail::made_of<bool>("not", operand); }
template <detail::Expressive T>
requires std::same_as<typename detail::Facts<T>::Value, Term>
[[nodiscard]] auto condition(const T& value) {
  return Expression<bool, detail::Facts<T>::kVariables, typename detail::Facts<T>::Record>{detail::term_of(value)};
}

// -- functions --

#define HEIRLOOM_QUERY_UNARY(function, name, result) \
  template <detail::Expressive T>                    \
  [[nodiscard]] auto function(const T& operand) {    \
    return detail::made_of<result>(name, operand);   \
  }
#define HEIRLOOM_QUERY_BINARY(function, name, result)                 \
  template <typename Left, typename Right>                            \
  requires detail::Operands<Left, Right>                              \
  [[nodiscard]] auto function(const Left& left, const Right& right) { \
    return detail::made_of<result>(name, left, right);                \
  }
HEIRLOOM_QUERY_UNARY(is_atom, "is_atom", bool)
HEIRLOOM_QUERY_UNARY(is_binary, "is_binary", bool)
HEIRLOOM_QUERY_UNARY(is_bitstring, "is_bitstring", bool)
HEIRLOOM_QUERY_UNARY(is_boolean, "is_boolean", bool)
HEIRLOOM_QUERY_UNARY(is_float, "is_float", bool)
HEIRLOOM_QUERY_UNARY(is_function, "is_function", bool)
HEIRLOOM_QUERY_UNARY(is_integer, "is_integer", bool)
HEIRLOOM_QUERY_UNARY(is_list, "is_list", bool)
HEIRLOOM_QUERY_UNARY(is_map, "is_map", bool)
HEIRLOOM_QUERY_UNARY(is_number, "is_number", bool)
HEIRLOOM_QUERY_UNARY(is_pid, "is_pid", bool)
HEIRLOOM_QUERY_UNARY(is_port, "is_port", bool)
HEIRLOOM_QUERY_UNARY(is_reference, "is_reference", bool)
HEIRLOOM_QUERY_UNARY(is_tuple, "is_tuple", bool)
HEIRLOOM_QUERY_UNARY(abs, "abs", Term)
HEIRLOOM_QUERY_UNARY(bit_size, "bit_size", Term)
HEIRLOOM_QUERY_UNARY(byte_size, "byte_size", Term)
HEIRLOOM_QUERY_UNARY(ceil, "ceil", Term)
HEIRLOOM_QUERY_UNARY(floor, "floor", Term)
HEIRLOOM_QUERY_UNARY(hd, "hd", Term)
HEIRLOOM_QUERY_UNARY(length, "length", Term)
HEIRLOOM_QUERY_UNARY(map_size, "map_size", Term)
HEIRLOOM_QUERY_UNARY(round, "round", Term)
HEIRLOOM_QUERY_UNARY(size, "size", Term)
HEIRLOOM_QUERY_UNARY(tl, "tl", Term)
HEIRLOOM_QUERY_UNARY(to_float, "float", Term)
HEIRLOOM_QUERY_UNARY(trunc, "trunc", Term)
HEIRLOOM_QUERY_UNARY(tuple_size, "tuple_size", Term)
HEIRLOOM_QUERY_BINARY(element, "element", Term)  // element(2, _1)
HEIRLOOM_QUERY_BINARY(equivalent, "==", bool)
HEIRLOOM_QUERY_BINARY(exclusive_or, "xor", bool)
HEIRLOOM_QUERY_BINARY(is_map_key, "is_map_key", bool)  // is_map_key("user"_atom, _1)
HEIRLOOM_QUERY_BINARY(map_get, "map_get", Term)
HEIRLOOM_QUERY_BINARY(max, "max", Term)
HEIRLOOM_QUERY_BINARY(min, "min", Term)
HEIRLOOM_QUERY_BINARY(not_equivalent, "/=", bool)
HEIRLOOM_QUERY_BINARY(quotient, "div", Term)
#undef HEIRLOOM_QUERY_UNARY
#undef HEIRLOOM_QUERY_BINARY

template <typename Binary, typename Start, typename Length>
requires detail::Operands<Binary, Start, Length>
[[nodiscard]] auto binary_part(const Binary& binary, const Start& start, const Length& length) {
  return detail::made_of<Term>("binary_part", binary, start, length);
}

// The whole object; the values of all variables, as a list; the process that asks.
[[nodiscard]] inline Expression<> object() { return {Term(Atom("$_"))}; }
[[nodiscard]] inline Expression<> bindings() { return {Term(Atom("$$"))}; }
[[nodiscard]] inline Expression<> self() { return {heirloom::tuple({Term(Atom("self"))})}; }

// -- tuples and lists, of expressions or, in heads, of patterns --

// A pattern that is no expression: it has an `any` in it.
template <Variables kVariables>
struct Pattern {
  Term term;
};

namespace detail {

template <Variables kOwn>
struct Facts<Pattern<kOwn>> : Facts<void> {
  static constexpr Variables kVariables = kOwn;
};

// What a tuple or a list of parts is as an expression, and as a pattern.
template <typename V, Variables kVariables, typename Record>
struct Container : Expression<V, kVariables, Record> {
  Term pattern;
};
template <typename V, Variables kVariables, typename R>
struct Facts<Container<V, kVariables, R>> : Facts<Expression<V, kVariables, R>> {};

[[nodiscard]] inline Term pattern_of(Any /*any*/) { return Term(Atom("_")); }
template <int kNumber>
[[nodiscard]] Term pattern_of(Variable<kNumber> /*variable*/) {
  return Variable<kNumber>::term();
}
template <typename V, Variables kVariables>
[[nodiscard]] const Term& pattern_of(const Container<V, kVariables, void>& container) {
  return container.pattern;
}
template <Variables kVariables>
[[nodiscard]] const Term& pattern_of(const Pattern<kVariables>& pattern) {
  return pattern.term;
}
template <Value T>
[[nodiscard]] Term pattern_of(const T& value) {
  return literal(Term(value));
}
template <typename T>
concept HeadPart = requires(const T& part) {
  pattern_of(part);
};

template <typename T>
concept Part = Operand<T> || HeadPart<T>;

template <typename T>
concept HoldsAny = std::same_as<T, Any> || requires(const T& part) {
  []<Variables v>(const Pattern<v>&) {}(part);
};

using MakeContainer = Term (*)(std::span<const Term>);

template <typename... T>
[[nodiscard]] Term pattern_with(MakeContainer make, const T&... parts) {
  const Term patterns[] = {pattern_of(parts)..., Term()};
  return make(std::span(patterns).first(sizeof...(T)));
}

// V: of which type the values are, when the parts speak of a struct.
template <typename V, typename... T>
[[nodiscard]] auto container(MakeContainer make, bool doubled, const T&... parts) {
  constexpr Variables kVariables = kVariablesOfAll<T...>;
  using Record = RecordOf<T...>;
  if constexpr ((HoldsAny<T> || ...)) {
    return Pattern<kVariables>{pattern_with(make, parts...)};
  } else {
    const Term terms[] = {term_of(parts)..., Term()};
    const Term made = make(std::span(terms).first(sizeof...(T)));
    Container<std::conditional_t<std::is_void_v<Record>, Term, V>, kVariables, Record> result;
    result.term = doubled ? heirloom::tuple({made}) : made;
    if constexpr ((HeadPart<T> && ...)) result.pattern = pattern_with(make, parts...);
    return result;
  }
}

}  // namespace detail

template <detail::Part... T>
requires detail::OfOneRecord<T...>
[[nodiscard]] auto tuple(const T&... elements) {
  return detail::container<std::tuple<typename detail::Facts<T>::Value...>>(
      +[](std::span<const Term> terms) { return heirloom::tuple(terms); }, true, elements...);
}
template <detail::Part... T>
requires detail::OfOneRecord<T...>
[[nodiscard]] auto list(const T&... elements) {
  return detail::container<Term>(
      +[](std::span<const Term> terms) { return heirloom::list(terms); }, false, elements...);
}

// -- clauses --

namespace detail {

// All its variables are bound by the head.
template <typename T, Variables kBound>
concept BoundBy = (Facts<T>::kVariables & ~kBound) == 0 && std::is_void_v<typename Facts<T>::Record>;

}  // namespace detail

// One clause or several, which is a specification.
class Clauses {
 public:
  explicit Clauses(Term clause) { clauses_.push_back(std::move(clause)); }
  operator MatchSpec() const { return detail::spec_of(clauses_); }
  [[nodiscard]] friend Clauses operator||(Clauses left, const Clauses& right) {
    left.clauses_.insert(left.clauses_.end(), right.clauses_.begin(), right.clauses_.end());
    return left;
  }

 private:
  std::vector<Term> clauses_;
};

// A head with guards, and still without a body; used as it is, its body is the object.
template <Variables kBound>
class Guarded {
 public:
  Guarded(Term head, std::vector<Term> guards) : head_(std::move(head)), guards_(std::move(guards)) {}

  // One more condition, which must hold, too.
  template <detail::BoundBy<kBound> T>
  requires detail::kIsCondition<T>
  [[nodiscard]] Guarded where(const T& condition) const {
    Guarded more = *this;
    more.guards_.push_back(detail::term_of(condition));
    return more;
  }
  template <detail::BoundBy<kBound> T>
  requires detail::Operand<T>
  [[nodiscard]] Clauses yield(const T& value) const {
    return Clauses({head_, heirloom::list(guards_), heirloom::list({detail::term_of(value)})});
  }
  operator MatchSpec() const { return yield(object()); }

 private:
  Term head_;
  std::vector<Term> guards_;
};

// A head: the elements of the object.
template <detail::HeadPart... T>
[[nodiscard]] auto match(const T&... elements) {
  return Guarded<detail::kVariablesOfAll<T...>>(
      detail::pattern_with(
          +[](std::span<const Term> terms) { return heirloom::tuple(terms); }, elements...),
      {});
}
// Any object.
[[nodiscard]] inline Guarded<0> match_any() { return {Term(Atom("_")), {}}; }

}  // namespace heirloom::query
