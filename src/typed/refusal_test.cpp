// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what must not compile, asked of the concepts that guard to_term() and from_term(). That this file compiles is
// the test.
#include <any>
#include <list>
#include <memory>

#include <gtest/gtest.h>

#include "heirloom/typed.hpp"

namespace heirloom {
namespace {

struct session {
  std::string user;
  std::int64_t hits;
};
struct with_pointer {
  int* pointer;
};
struct inner {
  std::vector<std::map<int, with_pointer>> deep;
};
struct with_base : session {
  int more;
};
class with_private_member {
  [[maybe_unused]] int hidden_ = 0;
};
struct with_constructor {
  explicit with_constructor(int) {}
  int x = 0;
};
template <typename T>
struct box {
  T inside;
};
union either {
  int a;
  float b;
};
struct tree {
  std::vector<tree> children;
};
struct bad_tree {
  std::vector<bad_tree> children;
  std::any value;
};

static_assert(TermConvertible<session> && TermConvertible<tree>);
static_assert(!TermConvertible<with_pointer> && !TermConvertible<inner> && !TermConvertible<bad_tree>);
static_assert(!TermConvertible<with_base>, "a base class is no member");
static_assert(!TermConvertible<with_private_member> && !TermConvertible<with_constructor>, "they are no aggregates");
struct with_reference {
  const std::string& elsewhere;
};
struct around_reference {
  Atom atom;
  with_reference inside;
};
struct with_moved_rvalue {
  std::string&& elsewhere;
};
static_assert(!TermConvertible<with_reference> && !TermConvertible<around_reference>, "a copy would refer to nothing");
static_assert(!TermConvertible<with_moved_rvalue>);
static_assert(!TermConvertible<box<int>>, "which of its names should the record have?");
static_assert(!TermConvertible<either>);
static_assert(!TermConvertible<void*> && !TermConvertible<std::nullptr_t> && !TermConvertible<std::unique_ptr<int>>);
static_assert(!TermConvertible<long double>, "a term holds a double");
static_assert(!TermConvertible<std::list<int>> && !TermConvertible<std::any>);
static_assert(!TermConvertible<char*> && !TermConvertible<session&> && !TermConvertible<int[3]>);

// Enums: of an underlying type, and with a name for some value from 0 to 127.
enum without_type { w_a, w_b };
enum class far_away { one = 1000 };
enum class nameless {};
static_assert(!TermConvertible<without_type> && !TermConvertible<far_away> && !TermConvertible<nameless>);
static_assert(!TermConvertible<std::byte>, "one byte is no binary");

// What is absent must be told apart from what is undefined in itself.
static_assert(TermConvertible<std::optional<int>>);
static_assert(!TermConvertible<std::optional<std::optional<int>>> && !TermConvertible<std::optional<std::monostate>>);
static_assert(!TermConvertible<std::optional<std::variant<std::monostate, int>>>);
static_assert(!TermConvertible<std::variant<std::monostate, std::optional<int>>>);

// Each alternative of a variant must be the first one for some term.
enum class color { red };
static_assert(TermConvertible<std::variant<int, long>> && TermConvertible<std::variant<std::int8_t, std::int64_t>>);
static_assert(!TermConvertible<std::variant<long, int>> && !TermConvertible<std::variant<int, int>>);
static_assert(!TermConvertible<std::variant<std::uint64_t, std::chrono::duration<std::uint32_t>>>);
static_assert(TermConvertible<std::variant<std::uint64_t, std::int64_t>>, "negative ones");
static_assert(TermConvertible<std::variant<int, Term>> && !TermConvertible<std::variant<Term, int>>);
static_assert(!TermConvertible<std::variant<float, double>> && !TermConvertible<std::variant<double, float>>);
static_assert(TermConvertible<std::variant<bool, color, Atom>> && !TermConvertible<std::variant<Atom, bool>>);
static_assert(!TermConvertible<std::variant<Atom, color>> && !TermConvertible<std::variant<Atom, std::monostate>>);
static_assert(!TermConvertible<std::variant<std::string, std::vector<std::byte>>>);
static_assert(!TermConvertible<std::variant<std::string, int, std::array<char, 4>>>);
static_assert(TermConvertible<std::variant<std::array<char, 4>, std::string>>);
static_assert(!TermConvertible<std::variant<std::vector<int>, std::array<int, 2>>>);
static_assert(!TermConvertible<std::variant<std::vector<std::vector<long>>, std::vector<std::vector<int>>>>);
static_assert(TermConvertible<std::variant<std::array<int, 2>, std::vector<int>, std::vector<std::string>>>);

// Views: not from what is about to go, nor into what outlives it.
struct views {
  std::string_view text;
};
struct of_views {
  std::map<int, std::vector<views>> all;
};
template <typename T, typename Source>
concept Reads = requires(Source source) {
  from_term<T>(std::forward<Source>(source));
  try_from_term<T>(std::forward<Source>(source));
};
static_assert(BorrowsFromTerm<views> && BorrowsFromTerm<of_views> && BorrowsFromTerm<TermView>);
static_assert(!BorrowsFromTerm<session> && !BorrowsFromTerm<tree> && !BorrowsFromTerm<Term>);
static_assert(Reads<views, const Term&> && Reads<views, Term&> && Reads<views, TermView>);
static_assert(!Reads<views, Term> && !Reads<of_views, Term> && !Reads<views, const Term>);
static_assert(Reads<session, Term> && Reads<session, const Term&>);

// A `const char*` is written, and not read: bytes in a term do not end in a zero.
struct literal {
  const char* text;
};
static_assert(TermWritable<literal> && !TermReadable<literal> && !TermReadable<std::vector<const char*>>);

TEST(TypedRefusal, ThisFileCompiles) { EXPECT_EQ(to_term(literal{"x"}), parse("{literal, <<\"x\">>}")); }

}  // namespace
}  // namespace heirloom
