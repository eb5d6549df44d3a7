// SPDX-License-Identifier: Apache-2.0
#include "match/builtins.hpp"

#include <algorithm>
#include <array>

#include "term/arithmetic.hpp"
#include "term/atom_table.hpp"
#include "term/compare.hpp"
#include "term/fun.hpp"
#include "term/identifier.hpp"
#include "term/integer.hpp"
#include "term/term_kind.hpp"
#include "term/word.hpp"

namespace heirloom::matching {

namespace {

using term::Kind;
using term::Operator;
using term::Unary;

bool is_kind(TermView term, TermKind kind) noexcept { return term::term_kind(term.word()) == kind; }
bool is_size(TermView term) noexcept { return term::is_small(term.word()) && term::small_value(term.word()) >= 0; }
std::uint64_t size_value(TermView term) noexcept { return static_cast<std::uint64_t>(term::small_value(term.word())); }

template <Operator kOperator>
bool binary(Invocation& call) {
  return call.give(term::calculate(kOperator, call[0], call[1]));
}
template <Unary kUnary>
bool unary(Invocation& call) {
  return call.give(term::calculate(kUnary, call[0]));
}

bool element(Invocation& call) {
  if (!is_kind(call[1], TermKind::tuple) || !is_size(call[0])) return false;
  const std::uint64_t position = size_value(call[0]);
  if (position == 0 || position > call[1].size()) return false;
  return call.give_part(call[1].element(position));
}

bool head(Invocation& call) {
  if (!is_kind(call[0], TermKind::list)) return false;
  return call.give_part(call[0].part(*term::elements_of(call[0].base(), call[0].word())));
}

bool tail(Invocation& call) {
  if (!is_kind(call[0], TermKind::list)) return false;
  return call.give_part(call[0].part(term::rest_of_list(call[0].base(), call[0].word(), 1)));
}

bool length(Invocation& call) { return call[0].is_proper_list() && call.give(Term(call[0].size())); }

bool size(Invocation& call) {
  if (is_kind(call[0], TermKind::tuple)) return call.give(Term(call[0].size()));
  return is_kind(call[0], TermKind::bitstring) && call.give(Term(call[0].bit_size() / 8));
}
bool tuple_size(Invocation& call) { return is_kind(call[0], TermKind::tuple) && call.give(Term(call[0].size())); }
bool map_size(Invocation& call) { return is_kind(call[0], TermKind::map) && call.give(Term(call[0].size())); }
bool byte_size(Invocation& call) { return is_kind(call[0], TermKind::bitstring) && call.give(Term(call[0].size())); }
bool bit_size(Invocation& call) { return is_kind(call[0], TermKind::bitstring) && call.give(Term(call[0].bit_size())); }

bool map_get(Invocation& call) {
  if (!is_kind(call[1], TermKind::map)) return false;
  const std::optional<TermView> value = call[1].find(call[0]);
  return value && call.give_part(*value);
}
bool is_map_key(Invocation& call) {
  return is_kind(call[1], TermKind::map) && call.give(call[1].find(call[0]).has_value());
}

// Of the whole bytes of a bitstring, too. A negative length counts backwards.
bool part_of_binary(Invocation& call, TermView start, TermView length) {
  if (!is_kind(call[0], TermKind::bitstring) || !is_size(start) || !term::is_small(length.word())) return false;
  const auto* const payload = reinterpret_cast<const char*>(term::payload_of(call[0].base(), call[0].word()));
  const std::string_view bytes(payload, call[0].bit_size() / 8);
  std::uint64_t begin = size_value(start);
  const std::int64_t signed_length = term::small_value(length.word());
  const std::uint64_t count = term::magnitude_of(signed_length);
  if (begin > bytes.size()) return false;
  if (signed_length < 0) {
    if (count > begin) return false;
    begin -= count;
  }
  if (count > bytes.size() - begin) return false;
  return call.give(Term(bytes.substr(begin, count)));
}
bool binary_part_3(Invocation& call) { return part_of_binary(call, call[1], call[2]); }
bool binary_part_2(Invocation& call) {
  if (!is_kind(call[1], TermKind::tuple) || call[1].size() != 2) return false;
  return part_of_binary(call, call[1].element(1), call[1].element(2));
}

bool self(Invocation& call) { return call.give(Term(call.self())); }
bool node_0(Invocation& call) {
  const Term own(call.self());
  return call.give(Term(Atom(own.node_name())));
}
bool node_1(Invocation& call) {
  return term::is_identifier(call[0].word()) && call.give(Term(Atom(call[0].node_name())));
}

bool negation(Invocation& call) {
  const std::optional<bool> value = to_bool(call[0]);
  return value && call.give(!*value);
}
bool exclusive_or(Invocation& call) {
  const std::optional<bool> left = to_bool(call[0]);
  const std::optional<bool> right = to_bool(call[1]);
  return left && right && call.give(*left != *right);
}

bool is_record(Invocation& call) {
  if (!is_kind(call[1], TermKind::atom) || !term::is_small(call[2].word())) return false;
  if (!is_kind(call[0], TermKind::tuple) || !is_size(call[2])) return call.give(false);
  return call.give(call[0].size() == size_value(call[2]) && call[0].size() > 0 && call[0].element(1) == call[1]);
}

bool is_function_2(Invocation& call) {
  if (!is_kind(call[1], TermKind::integer)) return false;
  const bool negative =
      term::is_small(call[1].word()) ? !is_size(call[1]) : term::is_kind(call[1].word(), Kind::negative_integer);
  if (negative) return false;
  if (!is_kind(call[0], TermKind::fun)) return call.give(false);
  const term::Word fun = call[0].word();
  const term::Word* elements = term::elements_of(call[0].base(), fun);
  constexpr std::uint64_t kArityOfExport = 2;
  return call.give(elements[term::is_export(fun) ? kArityOfExport : term::kFunVersion] == call[1].word());
}

bool least(Invocation& call) {
  return call.give_part(holds(Comparison::less_equal, call[0], call[1]) ? call[0] : call[1]);
}
bool greatest(Invocation& call) {
  return call.give_part(holds(Comparison::greater_equal, call[0], call[1]) ? call[0] : call[1]);
}

// In the order of their names.
constexpr std::array kBuiltins{
    Builtin{"*", 2, binary<Operator::multiply>},
    Builtin{"+", 1, unary<Unary::plus>},
    Builtin{"+", 2, binary<Operator::add>},
    Builtin{"-", 1, unary<Unary::negate>},
    Builtin{"-", 2, binary<Operator::subtract>},
    Builtin{"/", 2, binary<Operator::divide>},
    Builtin{"abs", 1, unary<Unary::absolute>},
    Builtin{"band", 2, binary<Operator::bit_and>},
    Builtin{"binary_part", 2, binary_part_2},
    Builtin{"binary_part", 3, binary_part_3},
    Builtin{"bit_size", 1, bit_size},
    Builtin{"bnot", 1, unary<Unary::bit_not>},
    Builtin{"bor", 2, binary<Operator::bit_or>},
    Builtin{"bsl", 2, binary<Operator::shift_left>},
    Builtin{"bsr", 2, binary<Operator::shift_right>},
    Builtin{"bxor", 2, binary<Operator::bit_xor>},
    Builtin{"byte_size", 1, byte_size},
    Builtin{"ceil", 1, unary<Unary::ceiling>},
    Builtin{"div", 2, binary<Operator::quotient>},
    Builtin{"element", 2, element},
    Builtin{"float", 1, unary<Unary::to_float>},
    Builtin{"floor", 1, unary<Unary::floor>},
    Builtin{"hd", 1, head},
    Builtin{"is_function", 2, is_function_2},
    Builtin{"is_map_key", 2, is_map_key},
    Builtin{"is_record", 3, is_record},
    Builtin{"length", 1, length},
    Builtin{"map_get", 2, map_get},
    Builtin{"map_size", 1, map_size},
    Builtin{"max", 2, greatest},
    Builtin{"min", 2, least},
    Builtin{"node", 0, node_0},
    Builtin{"node", 1, node_1},
    Builtin{"not", 1, negation},
    Builtin{"rem", 2, binary<Operator::remainder>},
    Builtin{"round", 1, unary<Unary::round>},
    Builtin{"self", 0, self},
    Builtin{"size", 1, size},
    Builtin{"tl", 1, tail},
    Builtin{"trunc", 1, unary<Unary::truncate>},
    Builtin{"tuple_size", 1, tuple_size},
    Builtin{"xor", 2, exclusive_or},
};

constexpr std::array<std::string_view, 8> kComparisons{"<", "=<", ">", ">=", "==", "/=", "=:=", "=/="};

// In the order of TypeTest.
constexpr std::array<std::string_view, 14> kTypeTests{
    "is_atom", "is_binary", "is_bitstring", "is_boolean", "is_float", "is_function",  "is_integer",
    "is_list", "is_map",    "is_number",    "is_pid",     "is_port",  "is_reference", "is_tuple",
};

template <typename Code, std::size_t kCount>
std::optional<Code> find_in(const std::array<std::string_view, kCount>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Code>(found - names.begin());
}

constexpr term::Word kTrueWord = term::make_atom(term::AtomTable::kTrue);
constexpr term::Word kFalseWord = term::make_atom(term::AtomTable::kFalse);

}  // namespace

bool Invocation::give(bool value) noexcept { return give_part(boolean(value)); }

const Builtin* find_builtin(std::string_view name, std::size_t arguments) {
  const auto* found = std::find_if(kBuiltins.begin(), kBuiltins.end(), [&](const Builtin& builtin) {
    return builtin.name == name && builtin.arguments == arguments;
  });
  return found == kBuiltins.end() ? nullptr : found;
}

std::optional<Comparison> find_comparison(std::string_view name) { return find_in<Comparison>(kComparisons, name); }
std::optional<TypeTest> find_type_test(std::string_view name) { return find_in<TypeTest>(kTypeTests, name); }

bool holds(Comparison comparison, TermView left, TermView right) {
  switch (comparison) {
    case Comparison::exact: return left == right;
    case Comparison::not_exact: return !(left == right);
    default: break;
  }
  const std::weak_ordering order = term::compare(left, right, term::Numbers::by_value);
  switch (comparison) {
    case Comparison::less: return order < 0;
    case Comparison::less_equal: return order <= 0;
    case Comparison::greater: return order > 0;
    case Comparison::greater_equal: return order >= 0;
    case Comparison::equal: return order == 0;
    default: return order != 0;
  }
}

bool holds(TypeTest test, TermView term) {
  const TermKind kind = term::term_kind(term.word());
  switch (test) {
    case TypeTest::is_atom: return kind == TermKind::atom;
    case TypeTest::is_binary: return term::is_kind(term.word(), Kind::binary);
    case TypeTest::is_bitstring: return kind == TermKind::bitstring;
    case TypeTest::is_boolean: return to_bool(term).has_value();
    case TypeTest::is_float: return kind == TermKind::floating;
    case TypeTest::is_function: return kind == TermKind::fun;
    case TypeTest::is_integer: return kind == TermKind::integer;
    case TypeTest::is_list: return kind == TermKind::list || kind == TermKind::nil;
    case TypeTest::is_map: return kind == TermKind::map;
    case TypeTest::is_number: return kind == TermKind::integer || kind == TermKind::floating;
    case TypeTest::is_pid: return kind == TermKind::pid;
    case TypeTest::is_port: return kind == TermKind::port;
    case TypeTest::is_reference: return kind == TermKind::reference;
    case TypeTest::is_tuple: break;
  }
  return kind == TermKind::tuple;
}

std::optional<bool> to_bool(TermView term) {
  if (!term::is_atom(term.word())) return std::nullopt;
  const std::uint32_t id = term.atoms() == nullptr ? term::atom_id(term.word()) : term.as_atom().id();
  if (id != term::AtomTable::kTrue && id != term::AtomTable::kFalse) return std::nullopt;
  return id == term::AtomTable::kTrue;
}

TermView boolean(bool value) noexcept { return {nullptr, value ? kTrueWord : kFalseWord, nullptr}; }

}  // namespace heirloom::matching
