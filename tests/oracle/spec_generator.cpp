// SPDX-License-Identifier: Apache-2.0
#include "spec_generator.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace heirloom::oracle {

using namespace literals;

namespace {

// What each argument should be, mostly: n number, i integer, t tuple, l list, m map, b binary, c condition, p identifier, a any term.
struct Signature {
  std::string_view name;
  std::string_view arguments;
};

constexpr std::array kCalls{
    Signature{"+", "n"},
    Signature{"-", "n"},
    Signature{"+", "nn"},
    Signature{"-", "nn"},
    Signature{"*", "nn"},
    Signature{"/", "nn"},
    Signature{"div", "ii"},
    Signature{"rem", "ii"},
    Signature{"band", "ii"},
    Signature{"bor", "ii"},
    Signature{"bxor", "ii"},
    Signature{"bnot", "i"},
    Signature{"bsl", "ii"},
    Signature{"bsr", "ii"},
    Signature{"abs", "n"},
    Signature{"float", "n"},
    Signature{"round", "n"},
    Signature{"trunc", "n"},
    Signature{"element", "it"},
    Signature{"hd", "l"},
    Signature{"tl", "l"},
    Signature{"length", "l"},
    Signature{"size", "t"},
    Signature{"size", "b"},
    Signature{"map_size", "m"},
    Signature{"map_get", "am"},
    Signature{"bit_size", "b"},
    Signature{"byte_size", "b"},
    Signature{"binary_part", "bii"},
    Signature{"binary_part", "bt"},
};
constexpr std::array kCallsOfOtp26{
    Signature{"ceil", "n"}, Signature{"floor", "n"}, Signature{"tuple_size", "t"},
    Signature{"min", "aa"}, Signature{"max", "aa"},
};
constexpr std::array kConditions{
    Signature{"<", "aa"},           Signature{"=<", "aa"},         Signature{">", "nn"},
    Signature{">=", "nn"},          Signature{"==", "nn"},         Signature{"/=", "aa"},
    Signature{"=:=", "aa"},         Signature{"=/=", "aa"},        Signature{"is_atom", "a"},
    Signature{"is_float", "n"},     Signature{"is_integer", "n"},  Signature{"is_list", "l"},
    Signature{"is_number", "a"},    Signature{"is_pid", "p"},      Signature{"is_port", "p"},
    Signature{"is_reference", "p"}, Signature{"is_tuple", "t"},    Signature{"is_map", "m"},
    Signature{"is_binary", "b"},    Signature{"is_function", "p"}, Signature{"is_map_key", "am"},
    Signature{"is_record", "tai"},  Signature{"not", "c"},         Signature{"xor", "cc"},
    Signature{"and", "cc"},         Signature{"or", "cc"},         Signature{"andalso", "cc"},
    Signature{"orelse", "cc"},      Signature{"and", "c"},         Signature{"or", "ccc"},
    Signature{"andalso", "cca"},    Signature{"orelse", "cca"},    Signature{"andthen", "cc"},
};
constexpr std::array kConditionsOfOtp26{
    Signature{"is_bitstring", "b"},
    Signature{"is_boolean", "c"},
    Signature{"is_function", "pi"},
};
constexpr std::array<std::string_view, 14> kWrongNames{
    "foo",     "++",     "is_constant", "message", "return_trace", "set_tcw", "get_tcw",
    "display", "caller", "$1",          "_",       "silent",       "self",    "is_seq_trace",
};

}  // namespace

SpecGenerator::SpecGenerator(std::uint64_t seed, Features features)
    : random_(seed), terms_(seed), features_(features) {}

Term SpecGenerator::number() {
  switch (below(8)) {
    case 0: return Term(1.5);
    case 1: return Term(2.0);
    case 2: return Term(-3.25);
    case 3: return parse("123456789012345678901234567890");
    default: return Term(static_cast<std::int64_t>(below(7)) - 2);
  }
}

Term SpecGenerator::leaf() {
  static constexpr std::array<std::string_view, 7> kAtoms{"a", "b", "true", "false", "_x", "$x", "EXIT"};
  static constexpr std::array<std::string_view, 4> kBytes{"", "x", "binary", "a longer binary of bytes"};
  switch (below(9)) {
    case 0:
    case 1:
    case 2: return number();
    case 3:
    case 4:
    case 5: return Term(Atom(kAtoms[below(kAtoms.size())]));
    case 6: return Term(kBytes[below(kBytes.size())]);
    case 7: return below(2) == 0 ? list({}) : tuple({});
    default: return features_.identifiers ? terms_.term() : bitstring("ab", 1 + below(15));
  }
}

Term SpecGenerator::value(int depth) {
  if (depth == 0 || one_in(2)) return leaf();
  std::vector<Term> elements(below(4));
  for (Term& element : elements) element = value(depth - 1);
  switch (below(4)) {
    case 0: return tuple(elements);
    case 1: return list(elements);
    case 2: return improper_list(elements, value(depth - 1));
    default: {
      std::vector<std::pair<Term, Term>> pairs;
      for (const Term& element : elements) pairs.emplace_back(element, leaf());
      return map(pairs);
    }
  }
}

Term SpecGenerator::object() {
  std::vector<Term> elements(1 + below(4));
  for (Term& element : elements) element = value(2);
  return tuple(elements);
}

Term SpecGenerator::variable() {
  if (!one_in(3) && !bound_.empty() && one_in(3)) return bound_[below(bound_.size())];
  Term made(Atom("$" + std::to_string(one_in(12) ? 10 + below(200) : below(5))));
  bound_.push_back(made);
  return made;
}

Term SpecGenerator::pattern(TermView of, int depth) {
  if (one_in(5)) return Term("_"_atom);
  if (one_in(4)) return variable();
  if (one_in(40)) return leaf();
  if (depth == 0) return Term(of);
  switch (of.kind()) {
    case TermKind::tuple:
    case TermKind::list: {
      std::vector<Term> elements;
      for (const TermView element : of.elements()) elements.push_back(pattern(element, depth - 1));
      if (of.is_tuple()) return tuple(elements);
      const Term tail = pattern(of.tail(), depth - 1);
      if (!one_in(3)) return improper_list(elements, tail);
      elements.resize(1 + below(elements.size()));
      return improper_list(elements, one_in(2) ? variable() : Term("_"_atom));
    }
    case TermKind::map: {
      std::vector<std::pair<Term, Term>> pairs;
      const ElementRange keys = of.keys();
      const ElementRange values = of.values();
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (one_in(3)) continue;
        const bool wrong = features_.wrong && one_in(60);
        pairs.emplace_back(wrong ? variable() : Term(keys[i]), pattern(values[i], depth - 1));
      }
      return map(pairs);
    }
    default: return Term(of);
  }
}

Term SpecGenerator::head(const Term& object) {
  bound_.clear();
  if (one_in(12)) return one_in(2) ? Term("_"_atom) : variable();
  if (one_in(30)) return value(2);
  std::vector<Term> elements;
  for (const TermView element : object.elements()) elements.push_back(pattern(element, 3));
  return tuple(elements);
}

Term SpecGenerator::form(std::string_view name, std::vector<Term> arguments) {
  arguments.insert(arguments.begin(), Term(Atom(name)));
  return tuple(arguments);
}

std::vector<Term> SpecGenerator::expressions(std::size_t count, int depth) {
  std::vector<Term> made(count);
  for (Term& each : made) each = expression(depth);
  return made;
}

Term SpecGenerator::constant_key() { return one_in(2) ? number() : Term("b"_atom); }

Term SpecGenerator::construct(int depth) {
  std::vector<Term> parts = expressions(below(4), depth);
  switch (below(5)) {
    case 0:
    case 1: return tuple({tuple(parts)});
    case 2: return list(parts);
    case 3: return improper_list(parts, expression(depth));
    default: {
      std::vector<std::pair<Term, Term>> pairs;
      for (const Term& part : parts)
        pairs.emplace_back(one_in(2) && features_.made_keys ? part : constant_key(), expression(depth));
      return map(pairs);
    }
  }
}

namespace {

template <typename Signatures, typename More>
const Signature& choose(const Signatures& signatures, const More& more, bool all, std::uint64_t random) {
  const std::uint64_t index = random % (signatures.size() + (all ? more.size() : 0));
  return index < signatures.size() ? signatures[index] : more[index - signatures.size()];
}

}  // namespace

Term SpecGenerator::call(int depth) {
  for (;;) {
    Term made = any_call(depth);
    const std::string_view name = made.element(1).as_atom().text();
    const bool orders = name == "<" || name == "=<" || name == ">" || name == ">=" || name == "min" || name == "max";
    if (features_.order || !orders) return made;
  }
}

Term SpecGenerator::any_call(int depth) {
  const bool condition = one_in(2);
  const Signature& signature = condition ? choose(kConditions, kConditionsOfOtp26, features_.of_otp_26, random_())
                                         : choose(kCalls, kCallsOfOtp26, features_.of_otp_26, random_());
  std::vector<Term> arguments;
  for (const char kind : signature.arguments) {
    if (one_in(6) || kind == 'a') {
      arguments.push_back(expression(depth - 1));
    } else if (one_in(3) && !bound_.empty()) {
      arguments.push_back(bound_[below(bound_.size())]);
    } else if (kind == 'n' || kind == 'i') {
      arguments.push_back(one_in(3) ? call(std::max(0, depth - 1)) : one_in(4) ? number() : Term(below(4)));
    } else if (kind == 'c') {
      arguments.push_back(this->condition(depth - 1));
    } else if (kind == 't') {
      arguments.push_back(one_in(2) ? Term("$_"_atom) : tuple({tuple(expressions(below(4), depth - 1))}));
    } else if (kind == 'l') {
      arguments.push_back(one_in(2) ? Term("$$"_atom) : list(expressions(below(4), depth - 1)));
    } else if (kind == 'm') {
      arguments.push_back(map({{constant_key(), expression(depth - 1)}, {Term("a"_atom), Term(1)}}));
    } else if (kind == 'b') {
      arguments.push_back(Term("binary"));
    } else {
      arguments.push_back(one_in(2) ? tuple({Term("self"_atom)}) : expression(depth - 1));
    }
  }
  const bool is_function = signature.name == "is_function";  // /2 came later
  if (features_.wrong && one_in(120) && (features_.of_otp_26 || !is_function)) arguments.push_back(leaf());
  if (features_.wrong && one_in(120)) return form(kWrongNames[below(kWrongNames.size())], arguments);
  return form(signature.name, arguments);
}

Term SpecGenerator::condition(int depth) {
  if (one_in(6)) return Term(!one_in(3));
  if (depth <= 0) return Term(true);
  for (;;) {
    Term made = call(depth);
    const TermView name = made.element(1);
    const auto is_name = [&](const Signature& signature) { return name == Term(Atom(signature.name)); };
    if (std::any_of(kConditions.begin(), kConditions.end(), is_name)) return made;
  }
}

Term SpecGenerator::expression(int depth) {
  if (features_.wrong && one_in(150)) return variable();
  if (features_.wrong && one_in(300)) return tuple(expressions(below(4), 0));
  if (one_in(4) && !bound_.empty()) return bound_[below(bound_.size())];
  if (one_in(15)) return Term("$_"_atom);
  if (one_in(15)) return Term("$$"_atom);
  if (one_in(15)) return form("const", {value(2)});
  if (depth <= 0 || one_in(4)) {
    Term made = leaf();
    return made.is_tuple() ? tuple({made}) : made;
  }
  return one_in(2) ? call(depth) : construct(depth - 1);
}

Term SpecGenerator::clause(const Term& head) {
  std::vector<Term> guards(one_in(3) ? 0 : below(4));
  for (Term& guard : guards) guard = one_in(10) ? expression(2) : condition(3);
  std::vector<Term> body(one_in(10) ? 2 : 1);
  for (Term& each : body) each = expression(3);
  Term guard_list = list(guards);
  Term body_list = list(body);
  if (features_.wrong && one_in(150)) guard_list = improper_list(guards, leaf());
  if (features_.wrong && one_in(150)) body_list = one_in(2) ? list({}) : leaf();
  return {head, guard_list, body_list};
}

Term SpecGenerator::spec(const Term& object) {
  std::vector<Term> clauses(1 + below(3));
  for (Term& each : clauses) {
    each = clause(head(object));
    if (features_.wrong && one_in(200)) each = value(1);
  }
  if (features_.wrong && one_in(300)) return improper_list(clauses, leaf());
  return list(clauses);
}

}  // namespace heirloom::oracle
