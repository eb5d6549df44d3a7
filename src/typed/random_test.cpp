// SPDX-License-Identifier: Apache-2.0
//
// Strategy: random structs of all kinds of members. What is written reads back as the same, from any space of atoms; its
// block is canonical, which is what the words of equal terms being equal means; and a struct with one element of its term
// replaced by a random term either reads back as that, or is refused with a message. RapidCheck prints its seed, and takes
// one as RC_PARAMS="seed=...".
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "heirloom/external.hpp"
#include "heirloom/typed.hpp"

#include "term/assemble.hpp"
#include "term/other_space.hpp"
#include "term/random_term.hpp"
#include "term/validate.hpp"

namespace heirloom {
namespace {

enum class color { red, green, blue };

struct point {
  std::int32_t x;
  std::uint8_t y;
  friend bool operator==(const point&, const point&) = default;
};

struct everything {
  std::string text;
  std::vector<std::byte> bytes;
  std::int64_t signed_number;
  std::uint64_t unsigned_number;
  double floating;
  float small_floating;
  bool yes;
  Atom atom;
  Pid pid;
  color paint;
  Term term;
  std::optional<std::string> maybe;
  std::variant<std::monostate, std::int64_t, std::string, point, std::vector<point>> one_of;
  std::vector<point> points;
  std::array<std::int16_t, 3> three;
  std::vector<std::optional<std::vector<std::string>>> nested;
  std::map<std::string, point> by_text;
  std::unordered_map<std::int64_t, std::string> by_number;
  std::map<std::pair<Atom, double>, Term> by_pair;
  std::chrono::milliseconds duration;
  std::chrono::sys_time<std::chrono::nanoseconds> time;
  std::tuple<> empty;
  std::tuple<bool, std::pair<int, std::string>> tuple;
  friend bool operator==(const everything&, const everything&) = default;
};

void showValue(const everything& value, std::ostream& out) { out << to_term(value); }

template <typename T>
T any() {
  return *rc::gen::arbitrary<T>();
}

double any_double() {
  return *rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
    const auto value = std::bit_cast<double>(bits);
    return std::isfinite(value) ? value : -0.0;
  });
}

Atom any_atom() {
  return *rc::gen::element(Atom("a"), Atom("b"), Atom("true"), Atom(""), Atom("Two words"), Atom("red"));
}

std::vector<std::string> some_texts() {
  return *rc::gen::container<std::vector<std::string>>(rc::gen::string<std::string>());
}

point any_point() { return {any<std::int32_t>(), any<std::uint8_t>()}; }

std::vector<point> some_points() {
  std::vector<point> points(static_cast<std::size_t>(*rc::gen::inRange(0, 5)));
  for (point& each : points) each = any_point();
  return points;
}

decltype(everything::one_of) any_of() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0: return std::monostate();
    case 1: return any<std::int64_t>();
    case 2: return any<std::string>();
    case 3: return any_point();
    default: return some_points();
  }
}

template <typename Map, typename MakeKey, typename MakeValue>
Map some_pairs(MakeKey make_key, MakeValue make_value) {
  Map map;
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) map.emplace(make_key(), make_value());
  return map;
}

everything anything() {
  std::vector<std::byte> bytes;
  for (const char c : any<std::string>()) bytes.push_back(static_cast<std::byte>(c));
  std::vector<std::optional<std::vector<std::string>>> nested(static_cast<std::size_t>(*rc::gen::inRange(0, 4)));
  for (auto& each : nested) {
    if (any<bool>()) each = some_texts();
  }
  return {
      .text = any<std::string>(),
      .bytes = std::move(bytes),
      .signed_number = any<std::int64_t>(),
      .unsigned_number = any<std::uint64_t>(),
      .floating = any_double(),
      .small_floating = static_cast<float>(any<std::int32_t>()) / 1024.0F,
      .yes = any<bool>(),
      .atom = any_atom(),
      .pid = {any<std::uint32_t>() >> 1, any<std::uint32_t>()},
      .paint = static_cast<color>(*rc::gen::inRange(0, 3)),
      .term = any<Term>(),
      .maybe = any<bool>() ? std::optional(any<std::string>()) : std::nullopt,
      .one_of = any_of(),
      .points = some_points(),
      .three = {any<std::int16_t>(), any<std::int16_t>(), any<std::int16_t>()},
      .nested = std::move(nested),
      .by_text = some_pairs<std::map<std::string, point>>(any<std::string>, any_point),
      .by_number = some_pairs<std::unordered_map<std::int64_t, std::string>>(any<std::int64_t>, any<std::string>),
      .by_pair = some_pairs<std::map<std::pair<Atom, double>, Term>>([] { return std::pair(any_atom(), any_double()); },
                                                                     any<Term>),
      .duration = std::chrono::milliseconds(any<std::int64_t>()),
      .time = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(any<std::int64_t>())),
      .empty = {},
      .tuple = {any<bool>(), {any<int>(), any<std::string>()}},
  };
}

void expect_canonical(const Term& term) {
  // The external term format knows nothing of blocks; so what is made of it tells what the words must be.
  const Term again = from_external(to_external(term));
  RC_ASSERT(std::ranges::equal(term.block(), again.block()));
  term::OtherSpace space;
  std::vector<term::Word> block = space.block_of(term);
  RC_ASSERT(term::validate_block(block, space.count(), &space, term::RootOffset::of_an_owner).ok());
}

RC_GTEST_PROP(TypedRandom, WhatIsWrittenReadsBackAndIsCanonical, ()) {
  const everything value = *rc::gen::exec(anything);
  const Term term = to_term(value);
  expect_canonical(term);
  RC_ASSERT(from_term<everything>(term) == value);
  RC_ASSERT(try_from_term<everything>(term) == value);
  term::OtherSpace space;
  const std::vector<term::Word> block = space.block_of(term);
  RC_ASSERT(from_term<everything>(TermView::of_block(block.data(), &space)) == value);
}

RC_GTEST_PROP(TypedRandom, AnyTermInPlaceOfAnElementIsReadOrRefusedWithItsPlace, (const Term& other)) {
  const Term good = to_term(*rc::gen::exec(anything));
  const auto position = static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(good.size()) + 1));
  const Term term = term::with_element(good, position, other);
  if (const auto value = try_from_term<everything>(term)) {
    RC_ASSERT(to_term(*value) == term || other.is_float());  // a float may have been rounded to 32 bits
    return;
  }
  try {
    (void)from_term<everything>(term);
    RC_FAIL("nothing was thrown");
  } catch (const Error& error) {
    RC_ASSERT(error.code() == ErrorCode::type);
    const std::string element = "(element " + std::to_string(position) + ")";
    const bool of_record = position == 1 && error.operation() == "read everything";
    const bool of_element = error.operation().find(element) != std::string::npos;
    const bool of_record_inside = error.operation().starts_with("read everything.points[");
    RC_ASSERT(of_record || of_element || of_record_inside);
  }
}

}  // namespace
}  // namespace heirloom
