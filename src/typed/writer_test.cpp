// SPDX-License-Identifier: Apache-2.0
//
// Strategy: values of which the second walk finds something else than the first one measured, as another thread's write or
// a careless conversion would have it; and terms that nest deeper than anything written by hand. Catches writes outside of
// the block, which AddressSanitizer sees, and blocks that are not canonical.
#include "heirloom/typed/writer.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "heirloom/typed.hpp"

#include "term/validate.hpp"

namespace {

// Becomes one term when it is measured, and another when it is written.
struct Fickle {
  heirloom::Term first;
  heirloom::Term second;
  mutable int calls = 0;
};

}  // namespace

template <>
struct heirloom::TermOf<Fickle> {
  using Form = Term;
  static Term to_form(const Fickle& value) { return ++value.calls % 2 == 1 ? value.first : value.second; }
};

namespace heirloom {
namespace {

using namespace literals;

// A term, and what each of its levels takes: words + payload words.
struct Form {
  Term term;
  std::string measure;
};

TEST(TypedWriter, RefusesAValueThatMeasuresOtherwiseTheSecondTime) {
  const std::vector<Form> forms = {
      {Term(1), "1+0"},
      {Term(std::int64_t{1} << 60), "1+1"},
      {Term("x"), "1+1"},
      {Term(std::string(100, 'x')), "1+13"},
      {Term(1.5), "1+1"},
      {Term{1, 2}, "1+0 2+0"},
      {Term{1, "x"}, "1+0 2+1"},
      {Term{1, Term{2, 3}}, "1+0 2+0 2+0"},
      {list({1, 2, 3}), "1+0 3+0"},
      {Term(), "1+0"},
      {map({{1, 2}}), "1+0 2+0"},
      {list(std::vector<Term>(20, Term(1))), "1+0 20+0"},  // these two on the heap
      {list(std::vector<Term>(60, Term(1))), "1+0 60+0"},
      {parse("[[[[[[[[[[[[1]]]]]]]]]]]]"), "1+0 1+0 1+0 1+0 1+0 1+0 1+0 1+0 1+0 1+0 1+0 1+0 1+0"},
  };
  for (const Form& first : forms) {
    for (const Form& second : forms) {
      const std::vector<Fickle> value{{first.term, second.term}, {first.term, first.term}};
      try {
        EXPECT_EQ(to_term(value), list({second.term, first.term}));
        EXPECT_EQ(first.measure, second.measure) << first.term << " became " << second.term;
      } catch (const Error& error) {
        EXPECT_EQ(error.detail(), "the value changed while it was being converted");
        EXPECT_NE(first.measure, second.measure) << first.term << " became " << second.term;
      }
    }
  }
}

TEST(TypedWriter, EscapesTheSizeOfABinaryThatDoesNotFitItsField) {
  for (const std::size_t size : {term::kSizeEscape - 1, term::kSizeEscape}) {
    const std::string bytes(size, 'x');
    const Term term = to_term(bytes);
    EXPECT_EQ(term::size_field(term.block()[0]), size);
    EXPECT_EQ(term.as_binary().size(), size);
    EXPECT_TRUE(term::validate_block(term.block(), 0, nullptr).ok());
  }
}

TEST(TypedWriter, TakesATermOfAnyDepthInside) {
  constexpr int kDepth = 100'000;
  std::string text;
  for (int i = 0; i < kDepth; ++i) text += "{[";
  text += "1";
  for (int i = 0; i < kDepth; ++i) text += "],<<\"x\">>}";
  const Term deep = parse(text);
  const Term term = to_term(std::vector<std::pair<int, Term>>{{1, deep}, {2, deep}});
  EXPECT_EQ(term, list({{1, deep}, {2, deep}}));
  EXPECT_EQ(term[1].element(2), deep);
}

TEST(TypedWriter, LaysTheLevelsOfAllElementsOutInOrder) {
  using Ten = std::vector<std::vector<std::vector<
      std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<std::string>>>>>>>>>>;
  const Ten value = from_term<Ten>(parse("[[[[[[[[[[<<\"a\">>, <<\"b\">>]]]]]]]], [[[[[[[[<<\"c\">>], []]]]]]]]]]"));
  const Term term = to_term(value);
  EXPECT_EQ(to_string(term), "[[[[[[[[[[<<\"a\">>,<<\"b\">>]]]]]]]],[[[[[[[[<<\"c\">>],[]]]]]]]]]]");
  EXPECT_TRUE(term::validate_block(term.block(), 0, nullptr).ok());
}

}  // namespace
}  // namespace heirloom
