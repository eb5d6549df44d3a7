// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include <algorithm>
#include <vector>

#include "term/arithmetic.hpp"
#include "term/word.hpp"

namespace heirloom::match_test {

using namespace literals;

namespace {

struct ByNumber {
  bool operator()(const std::string& left, const std::string& right) const {
    return std::pair(left.size(), left) < std::pair(right.size(), right);
  }
};
using Bindings = std::map<std::string, Term, ByNumber>;

std::string name_of(TermView term) { return term.is_atom() ? std::string(term.as_atom().text()) : std::string(); }

bool is_variable(const std::string& name) {
  if (name.size() < 2 || name[0] != '$') return false;
  const std::string digits = name.substr(1);
  return std::all_of(digits.begin(), digits.end(), [](char digit) { return digit >= '0' && digit <= '9'; }) &&
         (digits.size() == 1 || digits[0] != '0');
}

std::vector<Term> elements_of(TermView container) {
  std::vector<Term> elements;
  for (const TermView element : container.elements()) elements.emplace_back(element);
  return elements;
}

// The list without its first elements.
Term rest_of(TermView list, std::size_t count) {
  std::vector<Term> elements = elements_of(list);
  elements.erase(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(count));
  return improper_list(elements, Term(list.tail()));
}

bool matches(TermView pattern, TermView term, Bindings& bindings) {
  const std::string name = name_of(pattern);
  if (name == "_") return true;
  if (is_variable(name)) {
    const auto [bound, fresh] = bindings.try_emplace(name, Term(term));
    return fresh || bound->second == Term(term);
  }
  switch (pattern.kind()) {
    case TermKind::tuple: {
      if (!term.is_tuple() || term.size() != pattern.size()) return false;
      for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!matches(pattern[i], term[i], bindings)) return false;
      }
      return true;
    }
    case TermKind::list: {
      if (term.kind() != TermKind::list) return false;
      return matches(pattern[0], term[0], bindings) && matches(rest_of(pattern, 1), rest_of(term, 1), bindings);
    }
    case TermKind::map: {
      if (!term.is_map()) return false;
      for (std::size_t i = 0; i < pattern.size(); ++i) {
        const auto found = term.find(pattern.keys()[i]);
        if (!found || !matches(pattern.values()[i], *found, bindings)) return false;
      }
      return true;
    }
    default: return pattern == term;
  }
}

using Value = std::optional<Term>;  // nothing: an exception

Value of_bool(bool value) { return Term(value); }

class Evaluation {
 public:
  Evaluation(const Term& object, const Bindings& bindings, bool body)
      : object_(object), bindings_(bindings), body_(body) {}

  // In a body an exception is a value.
  Value evaluate(TermView expression) {
    Value value = try_evaluate(expression);
    return value || !body_ ? value : Term("EXIT"_atom);
  }

 private:
  Value try_evaluate(TermView expression) {
    const std::string name = name_of(expression);
    if (name == "$_") return object_;
    if (name == "$$") {
      std::vector<Term> values;
      for (const auto& [variable, value] : bindings_) values.push_back(value);
      return list(values);
    }
    if (is_variable(name)) return bindings_.at(name);
    if (expression.is_tuple()) return evaluate_tuple(expression);
    if (expression.kind() == TermKind::list) {
      const auto elements = evaluate_all(elements_of(expression));
      const Value tail = evaluate(expression.tail());
      if (!elements || !tail) return std::nullopt;
      return improper_list(*elements, *tail);
    }
    if (expression.is_map()) {
      std::vector<std::pair<Term, Term>> pairs;
      for (std::size_t i = 0; i < expression.size(); ++i) {
        const Value key = evaluate(expression.keys()[i]);
        const Value value = evaluate(expression.values()[i]);
        if (!key || !value) return std::nullopt;
        pairs.emplace_back(*key, *value);
      }
      return map(pairs);
    }
    return Term(expression);
  }

  std::optional<std::vector<Term>> evaluate_all(const std::vector<Term>& expressions) {
    std::vector<Term> values;
    for (const Term& expression : expressions) {
      Value value = evaluate(expression);
      if (!value) return std::nullopt;
      values.push_back(*std::move(value));
    }
    return values;
  }

  Value evaluate_tuple(TermView form) {
    if (form[0].is_tuple()) {
      const auto elements = evaluate_all(elements_of(form[0]));
      return elements ? Value(tuple(*elements)) : std::nullopt;
    }
    const std::string name = name_of(form[0]);
    std::vector<Term> arguments = elements_of(form);
    arguments.erase(arguments.begin());
    if (name == "const") return arguments[0];
    if (name == "andalso" || name == "andthen" || name == "orelse") return connect(name != "orelse", arguments);
    const auto values = evaluate_all(arguments);
    return values ? call(name, *values) : std::nullopt;
  }

  Value connect(bool conjunction, const std::vector<Term>& arguments) {
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
      const Value value = evaluate(arguments[i]);
      if (!value || (*value != Term(true) && *value != Term(false))) return std::nullopt;
      if (*value != Term(conjunction)) return value;
    }
    return evaluate(arguments.back());
  }

  static Value connect_all(bool conjunction, const std::vector<Term>& values) {
    bool result = conjunction;
    for (const Term& value : values) {
      if (value != Term(true) && value != Term(false)) return std::nullopt;
      if (value != Term(conjunction)) result = !conjunction;
    }
    return Term(result);
  }

  // Throws Error where Erlang does.
  static Value call(const std::string& name, const std::vector<Term>& a) try {
    using Compare = bool (*)(std::weak_ordering);
    static const std::map<std::string, Compare> kCompares{
        {"<", [](std::weak_ordering order) { return order < 0; }},
        {"=<", [](std::weak_ordering order) { return order <= 0; }},
        {">", [](std::weak_ordering order) { return order > 0; }},
        {">=", [](std::weak_ordering order) { return order >= 0; }},
        {"==", [](std::weak_ordering order) { return order == 0; }},
        {"/=", [](std::weak_ordering order) { return order != 0; }},
    };
    if (const auto found = kCompares.find(name); found != kCompares.end())
      return of_bool(found->second(compare(a[0], a[1])));
    if (name == "=:=") return of_bool(a[0] == a[1]);
    if (name == "=/=") return of_bool(!(a[0] == a[1]));
    if (name.starts_with("is_")) return test(name, a);
    if (name == "and" || name == "or") return connect_all(name == "and", a);
    if (name == "not") return Term(!a[0].as_bool());
    if (name == "xor") return Term(a[0].as_bool() != a[1].as_bool());
    if (name == "self") return Term(Pid{});
    if (name == "element") return Term(a[1].element(static_cast<std::size_t>(a[0].as_uint64())));
    if (name == "hd") return a[0].size() != 0 && a[0].is_list() ? Value(Term(a[0][0])) : std::nullopt;
    if (name == "tl") return a[0].size() != 0 && a[0].is_list() ? Value(rest_of(a[0], 1)) : std::nullopt;
    if (name == "length") return a[0].is_proper_list() ? Value(Term(a[0].size())) : std::nullopt;
    if (name == "map_size") return a[0].is_map() ? Value(Term(a[0].size())) : std::nullopt;
    if (name == "tuple_size") return a[0].is_tuple() ? Value(Term(a[0].size())) : std::nullopt;
    if (name == "byte_size") return a[0].is_bitstring() ? Value(Term(a[0].size())) : std::nullopt;
    if (name == "bit_size") return Term(a[0].bit_size());
    if (name == "size") return a[0].is_tuple() ? Term(a[0].size()) : Term(a[0].bit_size() / 8);
    if (name == "map_get") return Term(a[1].find(a[0]).value());
    if (name == "min") return compare(a[0], a[1]) <= 0 ? a[0] : a[1];
    if (name == "max") return compare(a[0], a[1]) >= 0 ? a[0] : a[1];
    if (name == "binary_part") return part_of(a);
    return calculate(name, a);
  } catch (const Error&) {
    return std::nullopt;
  } catch (const std::bad_optional_access&) {
    return std::nullopt;
  }

  // The whole ones of a bitstring.
  static std::string bytes_of(const Term& bits) {
    std::string bytes;
    for (std::size_t i = 0; i + 8 <= bits.bit_size(); i += 8)
      bytes += static_cast<char>(term::payload_of(bits.block().data(), bits.block()[0])[i / 64] >> (i % 64));
    return bytes;
  }

  static Value part_of(const std::vector<Term>& a) {
    const Term start(a.size() == 2 ? (a[1].is_tuple() && a[1].size() == 2 ? a[1][0] : a[0].view()) : a[1].view());
    const Term length(a.size() == 2 ? (a[1].is_tuple() && a[1].size() == 2 ? a[1][1] : a[0].view()) : a[2].view());
    const std::string whole = bytes_of(a[0]);
    const std::string_view bytes = whole;
    const auto size = static_cast<std::int64_t>(bytes.size());
    const std::int64_t from = std::min(start.as_int64(), start.as_int64() + length.as_int64());
    const std::int64_t to = std::max(start.as_int64(), start.as_int64() + length.as_int64());
    if (from < 0 || to > size || start.as_int64() > size) return std::nullopt;
    return Term(bytes.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
  }

  static Value test(const std::string& name, const std::vector<Term>& a) {
    const Term& x = a[0];
    const bool boolean = x == Term(true) || x == Term(false);
    if (name == "is_map_key") return a[1].is_map() ? of_bool(a[1].find(a[0]).has_value()) : std::nullopt;
    if (name == "is_record") {
      if (!a[1].is_atom() || !a[2].is_integer() || a[2].block().size() != 1) return std::nullopt;
      return of_bool(x.is_tuple() && x.size() > 0 && Term(x.size()) == a[2] && Term(x[0]) == a[1]);
    }
    if (name == "is_function" && a.size() == 2) {
      if (!a[1].is_integer() || compare(a[1], Term(0)) < 0) return std::nullopt;
      if (x.kind() != TermKind::fun) return of_bool(false);
      // `fun module:name/Arity`
      const std::string text = to_string(x);
      if (text.starts_with("#Fun")) throw std::logic_error("a fun that does not tell its arity");
      return of_bool(text.substr(text.rfind('/') + 1) == to_string(a[1]));
    }
    static const std::map<std::string, TermKind> kKinds{
        {"is_atom", TermKind::atom},       {"is_float", TermKind::floating},
        {"is_integer", TermKind::integer}, {"is_function", TermKind::fun},
        {"is_map", TermKind::map},         {"is_pid", TermKind::pid},
        {"is_port", TermKind::port},       {"is_reference", TermKind::reference},
        {"is_tuple", TermKind::tuple},     {"is_bitstring", TermKind::bitstring},
    };
    if (const auto kind = kKinds.find(name); kind != kKinds.end()) return of_bool(x.kind() == kind->second);
    if (name == "is_list") return of_bool(x.is_list());
    if (name == "is_number") return of_bool(x.is_number());
    if (name == "is_binary") return of_bool(x.is_binary());
    if (name == "is_boolean") return of_bool(boolean);
    throw std::logic_error("no test " + name);
  }

  static Value calculate(const std::string& name, const std::vector<Term>& a) {
    using term::Operator;
    using term::Unary;
    static const std::map<std::string, Operator> kBinary{
        {"+", Operator::add},          {"-", Operator::subtract},      {"*", Operator::multiply},
        {"/", Operator::divide},       {"div", Operator::quotient},    {"rem", Operator::remainder},
        {"band", Operator::bit_and},   {"bor", Operator::bit_or},      {"bxor", Operator::bit_xor},
        {"bsl", Operator::shift_left}, {"bsr", Operator::shift_right},
    };
    static const std::map<std::string, Unary> kUnary{
        {"+", Unary::plus},         {"-", Unary::negate},       {"bnot", Unary::bit_not},
        {"abs", Unary::absolute},   {"float", Unary::to_float}, {"round", Unary::round},
        {"trunc", Unary::truncate}, {"ceil", Unary::ceiling},   {"floor", Unary::floor},
    };
    if (a.size() == 2) return term::calculate(kBinary.at(name), a[0], a[1]);
    return term::calculate(kUnary.at(name), a[0]);
  }

  const Term& object_;
  const Bindings& bindings_;
  bool body_;
};

}  // namespace

std::optional<Term> interpret(const Term& object, const Term& spec) {
  for (const TermView clause : spec.elements()) {
    Bindings bindings;
    if (!matches(clause[0], object, bindings)) continue;
    const ElementRange guards = clause[1].elements();
    const bool applies = std::all_of(guards.begin(), guards.end(), [&](TermView guard) {
      return Evaluation(object, bindings, false).evaluate(guard) == Value(Term(true));
    });
    if (applies) return Evaluation(object, bindings, true).evaluate(clause[2][clause[2].size() - 1]);
  }
  return std::nullopt;
}

}  // namespace heirloom::match_test
