// SPDX-License-Identifier: Apache-2.0
#include "term_generator.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "term/fun_fixture.hpp"
#include "term/identifier.hpp"
#include "term/integer.hpp"
#include "term/utf8.hpp"

namespace heirloom::oracle {

namespace {

constexpr std::array<unsigned, 24> kPowers = {0,  1,  7,  8,  15, 16, 27, 28, 31, 32,  52,  53,
                                              54, 58, 59, 60, 62, 63, 64, 65, 95, 127, 128, 1022};

// 2 to the power of `exponent`, and -1, 0 or 1
Term near_power(unsigned exponent, int distance, bool negative) {
  std::vector<term::Word> limbs(exponent / 64 + 1);
  limbs.back() = term::Word{1} << (exponent % 64);
  if (distance > 0) limbs.front() |= 1;
  if (distance < 0) {
    limbs.back() -= 1;
    std::fill(limbs.begin(), limbs.end() - 1, ~term::Word{0});
    if (limbs.size() > 1) limbs.back() = (term::Word{1} << (exponent % 64)) - 1;
  }
  return term::make_integer(negative, limbs);
}

// The integer of the same value.
Term whole(double value) {
  char digits[400];
  return parse({digits, std::to_chars(digits, std::end(digits), value, std::chars_format::fixed, 0).ptr});
}

std::vector<Term> elements_of(TermView container) {
  std::vector<Term> elements;
  for (const TermView element : container.elements()) elements.emplace_back(element);
  return elements;
}

}  // namespace

TermGenerator::TermGenerator(std::uint64_t seed) : random_(seed) {
  for (const char* text : {"",          "a",        "b",           "aa",   "A",  "end",  "fun",
                           "maybe",     "else",     "two words",   "a@b",  "1",  "true", "false",
                           "undefined", "it's",     "\n",          "\x7F", "\\", "\"",   "na\xC3\xAFve",
                           "\xC3\x9F",  "\xC3\x84", "\xE6\x97\xA5"}) {
    atoms_.emplace_back(Atom(text));
  }
  for (const char* word : {"after", "and",   "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr", "bxor",
                           "case",  "catch", "cond",    "div",    "else",    "end",  "fun", "if",   "let", "maybe",
                           "not",   "of",    "or",      "orelse", "receive", "rem",  "try", "when", "xor"}) {
    atoms_.emplace_back(Atom(word));
  }
  // Few, since the child keeps each for good.
  std::mt19937_64 same_for_all_seeds(1);
  std::swap(random_, same_for_all_seeds);
  for (int i = 0; i < 500; ++i) atoms_.emplace_back(Atom(text(12)));
  for (int i = 0; i < 50; ++i) atoms_.emplace_back(Atom(text(255)));
  for (const char32_t code : {U'a', U'\u00E9', U'\u65E5', U'\U0001F600'}) {
    std::string longest;
    for (std::size_t k = 0; k < Atom::kCharactersMax; ++k) term::utf8_append(longest, code);
    atoms_.emplace_back(Atom(longest));
  }
  std::swap(random_, same_for_all_seeds);
}

std::string TermGenerator::text(std::size_t characters_max) {
  constexpr std::array<std::uint64_t, 6> kRanges = {0x7F, 0x7F, 0x100, 0x800, 0x10000, 0x110000};
  std::string text;
  const std::uint64_t range = kRanges[below(kRanges.size())];
  for (std::uint64_t count = below(characters_max + 1); count > 0; --count) {
    const auto code = static_cast<char32_t>(one_in(8) ? below(range) : 32 + below(90));
    if (term::is_unicode_character(code)) term::utf8_append(text, code);
  }
  return text;
}

// ---------------------------------------------------------------------------------------------------------------- leaves

Term TermGenerator::integer_at_an_edge() {
  return near_power(kPowers[below(kPowers.size())], static_cast<int>(below(3)) - 1, one_in(2));
}

Term TermGenerator::float_at_an_edge() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double value = std::ldexp(1.0, static_cast<int>(kPowers[below(kPowers.size())]));
  if (one_in(3)) value = std::nextafter(value, one_in(2) ? kInfinity : 0.0);
  return Term(one_in(2) ? value : -value);
}

Term TermGenerator::number() {
  switch (below(9)) {
    case 0: return Term(static_cast<std::int64_t>(below(5)) - 1);
    case 1: return Term(static_cast<double>(below(5)) - 1);
    case 2: return Term(static_cast<std::int64_t>(below(600)) - 300);
    case 3: return Term(static_cast<std::int64_t>(random_()));
    case 4: return integer_at_an_edge();
    case 5: return float_at_an_edge();
    case 6: return Term(one_in(2) ? 0.0 : -0.0);
    case 7: {
      std::vector<term::Word> limbs(1 + below(one_in(50) ? 200 : 4));
      std::generate(limbs.begin(), limbs.end(), [this] { return random_(); });
      return term::make_integer(one_in(2), limbs);
    }
    default: {
      const auto value = std::bit_cast<double>(random_());
      return Term(std::isfinite(value) ? value : 0.1);
    }
  }
}

Term TermGenerator::atom() { return atoms_[one_in(2) ? below(6) : below(atoms_.size())]; }

Term TermGenerator::bytes() {
  std::string bytes = one_in(2) ? text(30) : std::string();
  if (bytes.empty()) {
    for (std::uint64_t count = below(one_in(30) ? 300 : 12); count > 0; --count) bytes += static_cast<char>(random_());
  }
  if (!bytes.empty() && one_in(3)) return bitstring(bytes, bytes.size() * 8 - below(8));
  return Term(bytes);
}

Term TermGenerator::string() {
  std::vector<Term> characters;
  const std::string content = text(one_in(20) ? 200 : 10);
  for (std::string_view rest = content; !rest.empty();) {
    const auto first = term::utf8_first(rest).value();
    characters.emplace_back(static_cast<std::uint32_t>(first.code));
    rest.remove_prefix(first.bytes);
  }
  return list(characters);
}

Term TermGenerator::identifier() {
  constexpr std::array<std::uint32_t, 6> kNumbers = {0, 1, 2, 0xFFFFFFF, 0x10000000, 0xFFFFFFFF};
  constexpr std::array<const char*, 4> kNodes = {"a@b", "b@b", "n\xC3\xB6@h.example", "heirloom@localhost"};
  constexpr std::array<std::uint32_t, 4> kCreations = {1, 2, 1700000000, 0xFFFFFFFF};
  const auto kind = std::array{term::Kind::pid, term::Kind::port, term::Kind::reference}[below(3)];
  term::Identifier identifier{kNodes[below(kNodes.size())], kCreations[below(kCreations.size())], 2, {}};
  if (kind == term::Kind::reference) identifier.count = 1 + static_cast<std::uint32_t>(below(5));
  for (std::size_t i = 0; i < identifier.count; ++i) identifier.numbers[i] = kNumbers[below(kNumbers.size())];
  // Erlang takes references for equal that differ only by zeros at their end (*zeros of references*, docs/values.md).
  if (kind == term::Kind::reference && identifier.numbers[identifier.count - 1] == 0) {
    identifier.numbers[identifier.count - 1] = 1;
  }
  return term::make_identifier(kind, identifier);
}

// The same numbers mean the same code, as they do in Erlang.
Term TermGenerator::fun(const Term& free) {
  if (one_in(2)) {
    const auto name = [this] { return to_string(one_in(20) ? atom() : atoms_[1 + below(3)]); };
    const std::string module = name();
    return parse("fun " + module + ':' + name() + '/' + std::to_string(below(3)));
  }
  const auto index = static_cast<std::int64_t>(below(3));
  const auto uniq = static_cast<std::int64_t>(below(2)) * -5;
  std::vector<Term> elements{atoms_[1 + below(2)],
                             index,
                             uniq,
                             1,
                             index,
                             std::string(16, 'u'),
                             parse(one_in(2) ? "<a@b/1.2.3>" : "<b@b/2.3.4>")};
  if (free.is_tuple() || free.is_list() || free.is_map() || free.kind() == TermKind::fun) return term::fun_of(elements);
  elements.push_back(free);
  return term::fun_of(elements);
}

Term TermGenerator::leaf() {
  switch (below(12)) {
    case 0:
    case 1:
    case 2:
    case 3: return number();
    case 4:
    case 5: return atom();
    case 6:
    case 7: return bytes();
    case 8: return std::array{Term(), tuple({}), map({}), Term(""), list({Term()})}[below(5)];
    case 9: return string();
    case 10: return identifier();
    default: return fun(one_in(2) ? number() : bytes());
  }
}

// ------------------------------------------------------------------------------------------------------------ containers

std::vector<Term> TermGenerator::terms(std::size_t count_max, int depth) {
  std::vector<Term> terms;
  for (std::uint64_t count = below(count_max + 1); count > 0; --count) terms.push_back(term(depth));
  return terms;
}

Term TermGenerator::container(int depth) {
  switch (below(6)) {
    case 0: return list(terms(5, depth));
    case 1: return improper_list(terms(4, depth), term(depth));
    case 2:
    case 3: {
      std::vector<std::pair<Term, Term>> pairs;
      const bool large = one_in(10);
      for (std::uint64_t count = large ? 30 + below(10) : below(5); count > 0; --count) {
        pairs.emplace_back(large ? number() : term(depth), large ? atom() : term(depth));
      }
      return map(pairs);
    }
    default: return tuple(terms(5, depth));
  }
}

Term TermGenerator::term(int depth) { return depth == 0 || one_in(3) ? leaf() : container(depth - 1); }

// --------------------------------------------------------------------------------------------------------------- variants

Term TermGenerator::variant_of_number(TermView number) {
  if (number.is_float()) {
    const double value = number.as_double();
    if (value == 0) return Term(one_in(2) ? -value : 0.0);
    if (one_in(3) || value != std::trunc(value)) return Term(std::nextafter(value, 0.0));
    return whole(value);
  }
  if (const auto value = term::to_int64(number); value && std::abs(static_cast<double>(*value)) < 9e18) {
    return one_in(2) ? Term(static_cast<double>(*value)) : Term(*value + static_cast<int>(below(3)) - 1);
  }
  const double nearest = std::strtod(to_string(number).c_str(), nullptr);
  return std::isfinite(nearest) ? Term(nearest) : Term(0);
}

Term TermGenerator::variant_of_leaf(TermView leaf) {
  if (leaf.is_number()) return variant_of_number(leaf);
  if (!leaf.is_binary() || leaf.size() == 0) return one_in(2) ? this->leaf() : Term(leaf);
  std::string bytes(leaf.as_binary());
  if (one_in(3)) return bitstring(bytes, bytes.size() * 8 - 1 - below(7));
  if (one_in(2)) bytes.back() = static_cast<char>(bytes.back() ^ (1 << below(8)));
  return Term(bytes + (one_in(2) ? std::string(1, '\0') : std::string()));
}

Term TermGenerator::variant_of_elements(TermView container) {
  std::vector<Term> elements = elements_of(container);
  if (elements.empty()) return Term(container);
  switch (below(8)) {
    case 0: elements.push_back(term(1)); break;
    case 1: elements.pop_back(); break;
    default: {
      Term& element = elements[below(elements.size())];
      element = variant(element);
    }
  }
  if (container.is_tuple()) return tuple(elements);
  const Term tail(container.tail());
  return improper_list(elements, one_in(4) ? variant(tail) : tail);
}

Term TermGenerator::variant_of_map(TermView of) {
  std::vector<std::pair<Term, Term>> pairs;
  for (std::size_t i = 0; i < of.size(); ++i) pairs.emplace_back(of.keys()[i], of.values()[i]);
  if (pairs.empty()) return map({{term(1), term(1)}});
  auto& [key, value] = pairs[below(pairs.size())];
  Term& changed = one_in(2) ? key : value;
  changed = variant(changed);
  return map(pairs);
}

Term TermGenerator::variant(TermView of) {
  switch (of.kind()) {
    case TermKind::tuple:
    case TermKind::list: return variant_of_elements(of);
    case TermKind::map: return variant_of_map(of);
    default: return variant_of_leaf(of);
  }
}

}  // namespace heirloom::oracle
