// SPDX-License-Identifier: Apache-2.0
//
// Views that outlive their term: what does not compile, and, where views are checked, what ends the program.
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "heirloom/term.hpp"

namespace heirloom {
namespace {

template <typename T>
concept GivesElements = requires(T term) {
  std::forward<T>(term).elements();
};
template <typename T>
concept GivesKeys = requires(T term) {
  std::forward<T>(term).keys();
};
template <typename T>
concept GivesBytes = requires(T term) {
  std::forward<T>(term).as_binary();
};

static_assert(GivesElements<const Term&> && GivesKeys<const Term&> && GivesBytes<const Term&>);
static_assert(!GivesElements<Term> && !GivesKeys<Term> && !GivesBytes<Term>, "not of a temporary");
static_assert(GivesElements<TermView> && GivesBytes<TermView>, "a view owns nothing");

TEST(Views, OfATermThatStaysAreGood) {
  const Term term{1, "text", Term{2, 3}};
  const TermView inner = term.element(3);
  EXPECT_EQ(inner.element(2).as_int64(), 3);
  for (const TermView element : term.elements()) EXPECT_FALSE(element.is_atom());
  EXPECT_EQ(tuple({term}).element(1), term);  // within the expression
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) EXPECT_EQ(term.element(3).element(1).as_int64(), 2);
    });
  }
  for (auto& thread : threads) thread.join();
}

#if HEIRLOOM_CHECK_VIEWS

constexpr const char* kMessage = "a view is read whose term was changed, moved or destroyed";

class ViewsDeath : public testing::TestWithParam<bool> {
 protected:
  ViewsDeath() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  // Inside the Term or on the heap.
  [[nodiscard]] static Term make() { return GetParam() ? tuple(std::vector<Term>(100, 7)) : Term{Term{1, 2}, "text"}; }
};

TEST_P(ViewsDeath, OfATermThatWasDestroyed) {
  std::optional<Term> term = make();
  const TermView view = *term;
  EXPECT_EQ(view.size(), term->size());
  term.reset();
  EXPECT_DEATH((void)view.element(1), kMessage);
  EXPECT_DEATH((void)to_string(view), kMessage);
  EXPECT_DEATH((void)(view == view), kMessage);
  EXPECT_DEATH((void)Term(view), kMessage);
}

TEST_P(ViewsDeath, OfATermThatWasMoved) {
  Term term = make();
  const TermView view = term.element(1);
  const Term other = std::move(term);
  EXPECT_DEATH((void)to_string(view), kMessage);
  EXPECT_EQ(other.element(1), other[0]);
}

TEST_P(ViewsDeath, OfATermThatWasAssignedTo) {
  Term term = make();
  const ElementRange range = term.elements();
  const auto begin = range.begin();
  term = make();
  EXPECT_DEATH((void)range[0], kMessage);
  EXPECT_DEATH((void)*begin, kMessage);
  EXPECT_EQ(term.elements().size(), range.size());
}

TEST_P(ViewsDeath, OfALocalThatIsGone) {
  TermView view;
  {
    const Term term = make();
    view = term;
  }
  EXPECT_DEATH((void)view.element(1), kMessage);
}

TEST_P(ViewsDeath, OfAPlaceThatIsUsedAgain) {
  std::optional<Term> term = make();
  const TermView view = *term;
  term = make();
  const TermView again = *term;
  EXPECT_EQ(again.size(), term->size());
  EXPECT_DEATH((void)view.element(1), kMessage);
}

INSTANTIATE_TEST_SUITE_P(InsideAndOnTheHeap, ViewsDeath, testing::Bool());

#endif

}  // namespace
}  // namespace heirloom
