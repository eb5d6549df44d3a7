// SPDX-License-Identifier: Apache-2.0
//
// Random terms for RapidCheck: every kind, edges more often than chance would have them. RapidCheck prints its seed, and
// takes one as RC_PARAMS="seed=...".
#pragma once

#include <bit>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "heirloom/term.hpp"

#include "term/fun_fixture.hpp"

namespace heirloom {

inline void showValue(const Term& term, std::ostream& out) { out << term.view(); }

namespace term {

// Numbers around powers of two, where integers change their form and doubles lose digits; and their doubles.
inline Term number_at_an_edge(int exponent, int distance, bool negative, bool floating) {
  const double value = std::ldexp(negative ? -1.0 : 1.0, exponent) + distance;
  if (floating) return Term(value);
  std::string digits = "2#1" + std::string(static_cast<std::size_t>(exponent), '0');
  if (distance > 0) digits.back() = '1';
  if (distance < 0) digits = "2#" + std::string(static_cast<std::size_t>(exponent) + (exponent == 0), '1');
  return parse((negative ? "-" : "") + digits);
}

inline rc::Gen<Term> random_number() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange(-3, 300), [](int value) { return Term(value); }),
      rc::gen::map(rc::gen::inRange(-3, 3), [](int value) { return Term(static_cast<double>(value)); }),
      rc::gen::element(Term(0.0), Term(-0.0), Term(1.5), Term(0.1)),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t value) { return Term(value); }),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t value) { return Term(value); }),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                   [](std::uint64_t bits) {
                     const double value = std::bit_cast<double>(bits);
                     return std::isfinite(value) ? Term(value) : Term(1.0);
                   }),
      rc::gen::apply(number_at_an_edge, rc::gen::inRange(50, 140), rc::gen::inRange(-1, 2), rc::gen::arbitrary<bool>(),
                     rc::gen::arbitrary<bool>()));
}

inline Term random_fun(const Term& free) {
  return fun_of({Atom("m"), 7, -5, 1, 7, std::string(16, 'u'), Pid{1, 2}, free});
}

// Whether the text of a term reads back: that of a fun does not, but for exports.
inline bool has_text(TermView term) { return to_string(term).find("#Fun<") == std::string::npos; }

inline rc::Gen<Term> random_leaf() {
  return rc::gen::oneOf(
      random_number(), random_number(),
      rc::gen::element(Term(Atom("a")), Term(Atom("b")), Term(Atom("")), Term(Atom("Two words")), Term(true), Term(),
                       Term(""), tuple({}), map({}), parse("#Ref<0.1.2.3>"), parse("#Ref<0.1>"), parse("#Port<0.2>"),
                       parse("#Ref<a@b/4.1.2.3>"), parse("#Ref<a@b/4.1.2>"), parse("#Port<a@b/4.18446744073709551615>"),
                       parse("<a@b/4.1.2>"), parse("<'c@d.e'/5.1.2>"), parse("fun a:b/1"), parse("fun a:b/2"),
                       random_fun(1), random_fun(1.0)),
      rc::gen::map(rc::gen::pair(rc::gen::inRange(0U, 3U), rc::gen::inRange(0U, 3U)),
                   [](auto pid) {
                     return Term(Pid{pid.first, pid.second});
                   }),
      rc::gen::map(rc::gen::arbitrary<std::string>(), [](const std::string& bytes) { return Term(bytes); }),
      rc::gen::map(rc::gen::arbitrary<std::string>(), [](const std::string& bytes) {
        return bitstring(bytes, bytes.empty() ? 0 : bytes.size() * 8 - bytes.size() % 8);
      }));
}

inline rc::Gen<Term> random_term(int depth = 3) {
  if (depth == 0) return random_leaf();
  const auto elements = rc::gen::mapcat(rc::gen::inRange(0, 5), [depth](int count) {
    return rc::gen::container<std::vector<Term>>(static_cast<std::size_t>(count), random_term(depth - 1));
  });
  return rc::gen::oneOf(random_leaf(),
                        rc::gen::map(elements, [](const std::vector<Term>& terms) { return tuple(terms); }),
                        rc::gen::map(elements, [](const std::vector<Term>& terms) { return list(terms); }),
                        rc::gen::map(rc::gen::pair(elements, random_term(depth - 1)),
                                     [](const auto& parts) { return improper_list(parts.first, parts.second); }),
                        rc::gen::map(rc::gen::pair(elements, elements), [](const auto& parts) {
                          std::vector<std::pair<Term, Term>> pairs;
                          for (std::size_t i = 0; i < std::min(parts.first.size(), parts.second.size()); ++i) {
                            pairs.emplace_back(parts.first[i], parts.second[i]);
                          }
                          return map(pairs);
                        }));
}

}  // namespace term
}  // namespace heirloom

namespace rc {
template <>
struct Arbitrary<heirloom::Term> {
  static Gen<heirloom::Term> arbitrary() { return heirloom::term::random_term(); }
};
}  // namespace rc
