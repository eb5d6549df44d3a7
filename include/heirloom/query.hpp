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
// =/=, as those of Term; equivalent() and not_equivalent() are == and /=.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "heirloom/match_spec.hpp"
#include "heirloom/term.hpp"

namespace heirloom::query {

// Which variables an expression or a head has: bit N - 1 for _N.
using Variables = std::uint64_t;
inline constexpr int kVariablesMax = 64;

// An expression: the term that it is in a specification, and what the compiler knows of it.
template <Variables kVariables, bool kCondition = false>
struct Expression {
  Term term;
};
template <Variables kVariables>
using Condition = Expression<kVariables, true>;

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

template <typename T>
inline constexpr bool kIsExpression = false;
template <Variables kVariables, bool kCondition>
inline constexpr bool kIsExpression<Expression<kVariables, kCondition>> = true;
template <int kNumber>
inline constexpr bool kIsExpression<Variable<kNumber>> = true;

template <typename T>
concept Expressive = kIsExpression<std::remove_cvref_t<T>>;
template <typename T>
concept Value = !Expressive<T> && !std::same_as<std::remove_cvref_t<T>, Any> && std::constructible_from<Term, T>;
template <typename T>
concept Operand = Expressive<T> || Value<T>;
template <typename... T>
concept Operands = (Operand<T> && ...) && (Expressive<T> || ...);

template <typename T>
inline constexpr Variables kVariablesOf = 0;
template <Variables kVariables, bool kCondition>
inline constexpr Variables kVariablesOf<Expression<kVariables, kCondition>> = kVariables;
template <int kNumber>
inline constexpr Variables kVariablesOf<Variable<kNumber>> = Variable<kNumber>::kVariables;
template <typename... T>
inline constexpr Variables kVariablesOfAll = (Variables{0} | ... | kVariablesOf<std::remove_cvref_t<T>>);

template <typename T>
inline constexpr bool kIsCondition = std::same_as<T, bool>;
template <Variables kVariables>
inline constexpr bool kIsCondition<Condition<kVariables>> = true;

template <Variables kVariables, bool kCondition>
[[nodiscard]] const Term& term_of(const Expression<kVariables, kCondition>& expression) {
  return expression.term;
}
template <int kNumber>
[[nodiscard]] Term term_of(Variable<kNumber> /*variable*/) {
  return Variable<kNumber>::term();
}
template <Value T>
[[nodiscard]] Term term_of(const T& value) {
  return constant(Term(value));
}

template <bool kCondition, typename... T>
[[nodiscard]] auto made(const char* name, const T&... arguments) {
  const Term terms[] = {term_of(arguments)..., Term()};
  return Expression<kVariablesOfAll<T...>, kCondition>{call(name, std::span(terms).first(sizeof...(T)))};
}

}  // namespace detail

// -- operators --

#define HEIRLOOM_QUERY_OPERATOR(symbol, name, condition)                     \
  template <typename Left, typename Right>                                   \
  requires detail::Operands<Left, Right>                                     \
  [[nodiscard]] auto operator symbol(const Left& left, const Right& right) { \
    return detail::made<condition>(name, left, right);                       \
  }
HEIRLOOM_QUERY_OPERATOR(+, "+", false)
HEIRLOOM_QUERY_OPERATOR(-, "-", false)
HEIRLOOM_QUERY_OPERATOR(*, "*", false)
HEIRLOOM_QUERY_OPERATOR(/, "/", false)  // a float, as in Erlang; quotient() is div
HEIRLOOM_QUERY_OPERATOR(%, "rem", false)
HEIRLOOM_QUERY_OPERATOR(&, "band", false)
HEIRLOOM_QUERY_OPERATOR(|, "bor", false)
HEIRLOOM_QUERY_OPERATOR(^, "bxor", false)
HEIRLOOM_QUERY_OPERATOR(<<, "bsl", false)
HEIRLOOM_QUERY_OPERATOR(>>, "bsr", false)
HEIRLOOM_QUERY_OPERATOR(<, "<", true)
HEIRLOOM_QUERY_OPERATOR(<=, "=<", true)
HEIRLOOM_QUERY_OPERATOR(>, ">", true)
HEIRLOOM_QUERY_OPERATOR(>=, ">=", true)
HEIRLOOM_QUERY_OPERATOR(==, "=:=", true)
HEIRLOOM_QUERY_OPERATOR(!=, "=/=", true)
#undef HEIRLOOM_QUERY_OPERATOR

template <detail::Expressive T>
[[nodiscard]] auto operator-(const T& operand) {
  return detail::made<false>("-", operand);
}
template <detail::Expressive T>
[[nodiscard]] auto operator~(const T& operand) {
  return detail::made<false>("bnot", operand);
}

// Of conditions only; condition() makes one of a value that is true or false.
template <typename Left, typename Right>
requires(detail::kIsCondition<Left>&& detail::kIsCondition<Right> &&
         (detail::Expressive<Left> || detail::Expressive<Right>)) [[nodiscard]] auto
operator&&(const Left& left, const Right& right) {
  return detail::made<true>("andalso", left, right);
}
template <typename Left, typename Right>
requires(detail::kIsCondition<Left>&& detail::kIsCondition<Right> &&
         (detail::Expressive<Left> || detail::Expressive<Right>)) [[nodiscard]] auto
operator||(const Left& left, const Right& right) {
  return detail::made<true>("orelse", left, right);
}
template <Variables kVariables>
[[nodiscard]] auto operator!(const Condition<kVariables>& operand) {
  return detail::made<true>("not", operand);
}
template <detail::Expressive T>
[[nodiscard]] auto condition(const T& value) {
  return Condition<detail::kVariablesOfAll<T>>{detail::term_of(value)};
}

// -- functions --

#define HEIRLOOM_QUERY_UNARY(function, name, condition) \
  template <detail::Expressive T>                       \
  [[nodiscard]] auto function(const T& operand) {       \
    return detail::made<condition>(name, operand);      \
  }
#define HEIRLOOM_QUERY_BINARY(function, name, condition)              \
  template <typename Left, typename Right>                            \
  requires detail::Operands<Left, Right>                              \
  [[nodiscard]] auto function(const Left& left, const Right& right) { \
    return detail::made<condition>(name, left, right);                \
  }
HEIRLOOM_QUERY_UNARY(is_atom, "is_atom", true)
HEIRLOOM_QUERY_UNARY(is_binary, "is_binary", true)
HEIRLOOM_QUERY_UNARY(is_bitstring, "is_bitstring", true)
HEIRLOOM_QUERY_UNARY(is_boolean, "is_boolean", true)
HEIRLOOM_QUERY_UNARY(is_float, "is_float", true)
HEIRLOOM_QUERY_UNARY(is_function, "is_function", true)
HEIRLOOM_QUERY_UNARY(is_integer, "is_integer", true)
HEIRLOOM_QUERY_UNARY(is_list, "is_list", true)
HEIRLOOM_QUERY_UNARY(is_map, "is_map", true)
HEIRLOOM_QUERY_UNARY(is_number, "is_number", true)
HEIRLOOM_QUERY_UNARY(is_pid, "is_pid", true)
HEIRLOOM_QUERY_UNARY(is_port, "is_port", true)
HEIRLOOM_QUERY_UNARY(is_reference, "is_reference", true)
HEIRLOOM_QUERY_UNARY(is_tuple, "is_tuple", true)
HEIRLOOM_QUERY_UNARY(abs, "abs", false)
HEIRLOOM_QUERY_UNARY(bit_size, "bit_size", false)
HEIRLOOM_QUERY_UNARY(byte_size, "byte_size", false)
HEIRLOOM_QUERY_UNARY(ceil, "ceil", false)
HEIRLOOM_QUERY_UNARY(floor, "floor", false)
HEIRLOOM_QUERY_UNARY(hd, "hd", false)
HEIRLOOM_QUERY_UNARY(length, "length", false)
HEIRLOOM_QUERY_UNARY(map_size, "map_size", false)
HEIRLOOM_QUERY_UNARY(round, "round", false)
HEIRLOOM_QUERY_UNARY(size, "size", false)
HEIRLOOM_QUERY_UNARY(tl, "tl", false)
HEIRLOOM_QUERY_UNARY(to_float, "float", false)
HEIRLOOM_QUERY_UNARY(trunc, "trunc", false)
HEIRLOOM_QUERY_UNARY(tuple_size, "tuple_size", false)
HEIRLOOM_QUERY_BINARY(element, "element", false)  // element(2, _1)
HEIRLOOM_QUERY_BINARY(equivalent, "==", true)
HEIRLOOM_QUERY_BINARY(exclusive_or, "xor", true)
HEIRLOOM_QUERY_BINARY(is_map_key, "is_map_key", true)  // is_map_key("user"_atom, _1)
HEIRLOOM_QUERY_BINARY(map_get, "map_get", false)
HEIRLOOM_QUERY_BINARY(max, "max", false)
HEIRLOOM_QUERY_BINARY(min, "min", false)
HEIRLOOM_QUERY_BINARY(not_equivalent, "/=", true)
HEIRLOOM_QUERY_BINARY(quotient, "div", false)
#undef HEIRLOOM_QUERY_UNARY
#undef HEIRLOOM_QUERY_BINARY

template <typename Binary, typename Start, typename Length>
requires detail::Operands<Binary, Start, Length>
[[nodiscard]] auto binary_part(const Binary& binary, const Start& start, const Length& length) {
  return detail::made<false>("binary_part", binary, start, length);
}

// The whole object; the values of all variables, as a list; the process that asks.
[[nodiscard]] inline Expression<0> object() { return {Term(Atom("$_"))}; }
[[nodiscard]] inline Expression<0> bindings() { return {Term(Atom("$$"))}; }
[[nodiscard]] inline Expression<0> self() { return {heirloom::tuple({Term(Atom("self"))})}; }

// -- tuples and lists, of expressions or, in heads, of patterns --

// A pattern that is no expression: it has an `any` in it.
template <Variables kVariables>
struct Pattern {
  Term term;
};

namespace detail {

template <Variables kVariables>
inline constexpr Variables kVariablesOf<Pattern<kVariables>> = kVariables;

// What a tuple or a list of parts is as an expression, and as a pattern.
template <Variables kVariables>
struct Container : Expression<kVariables> {
  Term pattern;
};
template <Variables kVariables>
inline constexpr bool kIsExpression<Container<kVariables>> = true;
template <Variables kVariables>
inline constexpr Variables kVariablesOf<Container<kVariables>> = kVariables;
template <Variables kVariables>
[[nodiscard]] const Term& term_of(const Container<kVariables>& container) {
  return container.term;
}

[[nodiscard]] inline Term pattern_of(Any /*any*/) { return Term(Atom("_")); }
template <int kNumber>
[[nodiscard]] Term pattern_of(Variable<kNumber> /*variable*/) {
  return Variable<kNumber>::term();
}
template <Variables kVariables>
[[nodiscard]] const Term& pattern_of(const Container<kVariables>& container) {
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

template <typename... T>
[[nodiscard]] auto container(Term (*make)(std::span<const Term>), bool doubled, const T&... parts) {
  constexpr Variables kVariables = kVariablesOfAll<T...>;
  if constexpr ((HoldsAny<T> || ...)) {
    const Term patterns[] = {pattern_of(parts)..., Term()};
    return Pattern<kVariables>{make(std::span(patterns).first(sizeof...(T)))};
  } else {
    const Term terms[] = {term_of(parts)..., Term()};
    const Term made = make(std::span(terms).first(sizeof...(T)));
    Container<kVariables> result;
    result.term = doubled ? heirloom::tuple({made}) : made;
    if constexpr ((HeadPart<T> && ...)) {
      const Term patterns[] = {pattern_of(parts)..., Term()};
      result.pattern = make(std::span(patterns).first(sizeof...(T)));
    }
    return result;
  }
}

}  // namespace detail

template <detail::Part... T>
[[nodiscard]] auto tuple(const T&... elements) {
  return detail::container(
      +[](std::span<const Term> terms) { return heirloom::tuple(terms); }, true, elements...);
}
template <detail::Part... T>
[[nodiscard]] auto list(const T&... elements) {
  return detail::container(
      +[](std::span<const Term> terms) { return heirloom::list(terms); }, false, elements...);
}

// -- clauses --

namespace detail {

// All its variables are bound by the head.
template <typename T, Variables kBound>
concept BoundBy = (kVariablesOfAll<T> & ~kBound) == 0;

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
  const Term patterns[] = {detail::pattern_of(elements)..., Term()};
  return Guarded<detail::kVariablesOfAll<T...>>(heirloom::tuple(std::span(patterns).first(sizeof...(T))), {});
}
// Any object.
[[nodiscard]] inline Guarded<0> match_any() { return {Term(Atom("_")), {}}; }

}  // namespace heirloom::query
