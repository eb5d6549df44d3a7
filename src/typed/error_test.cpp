// SPDX-License-Identifier: Apache-2.0
//
// Strategy: for each way in which a term can be another than was asked for, the whole message; and the same for values that
// no term can say.
#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "heirloom/typed.hpp"

namespace heirloom {
namespace {

using namespace literals;

template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// What from_term() says; try_from_term() must agree that there is something to say.
template <typename T>
std::string why_not_term(const Term& term) {
  EXPECT_FALSE(try_from_term<T>(term)) << term;
  return message_of([&] { (void)from_term<T>(term); });
}
template <typename T>
std::string why_not(std::string_view text) {
  return why_not_term<T>(parse(text));
}

enum class color { red, dark_green };

struct page {
  std::string title;
  std::uint8_t level;
};
struct session {
  std::string user;
  std::int64_t hits;
  std::vector<page> visits;
  std::map<std::string, std::vector<int>> tags;
  std::tuple<int, std::array<bool, 2>> pair;
  std::optional<Atom> state;
};

constexpr const char* kGood = R"({session, <<"a">>, 1, [], #{}, {1, [true, false]}, undefined})";

std::string session_with(std::size_t position, std::string_view element) {
  const Term good = parse(kGood);
  std::string text = "{";
  for (std::size_t i = 1; i <= good.size(); ++i) {
    text += (i == 1 ? "" : ", ") + (i == position ? std::string(element) : to_string(good.element(i)));
  }
  return text + "}";
}

TEST(TypedError, OfAnotherTupleShowsThePatternOfTheRecord) {
  ASSERT_NO_THROW((void)from_term<session>(parse(kGood)));
  EXPECT_EQ(why_not<page>("{page, <<>>}"), "read page: expected {page,_,_}, found {page,<<>>} (type)");
  EXPECT_EQ(why_not<page>("{book, <<>>, 1}"), "read page: expected {page,_,_}, found {book,<<>>,1} (type)");
  EXPECT_EQ(why_not<page>("[page]"), "read page: expected {page,_,_}, found [page] (type)");
}

TEST(TypedError, NamesTheMemberAndItsPosition) {
  EXPECT_EQ(why_not<session>(session_with(2, "7")), "read session.user (element 2): expected a binary, found 7 (type)");
  EXPECT_EQ(why_not<session>(session_with(3, "<<\"x\">>")),
            "read session.hits (element 3): expected an integer, found <<\"x\">> (type)");
  EXPECT_EQ(why_not<session>(session_with(7, "1")),
            "read session.state (element 7): expected undefined or an atom, found 1 (type)");
}

TEST(TypedError, NamesTheWayToWhatIsNested) {
  EXPECT_EQ(why_not<session>(session_with(4, "[{page, <<>>, 1}, {page, <<>>, x}]")),
            "read session.visits[1].level (element 3): expected an integer, found x (type)");
  EXPECT_EQ(why_not<session>(session_with(4, "[{page, <<>>, 1}, 7]")),
            "read session.visits (element 4)[1]: expected {page,_,_}, found 7 (type)");
  EXPECT_EQ(why_not<session>(session_with(5, "#{<<\"a\">> => [], <<\"b\">> => [1, 2.0]}")),
            "read session.tags (element 5)[<<\"b\">>][1]: expected an integer, found 2.0 (type)");
  EXPECT_EQ(why_not<session>(session_with(5, "#{a => []}")),
            "read session.tags (element 5)[key a]: expected a binary, found a (type)");
  EXPECT_EQ(why_not<session>(session_with(6, "{1, [true, 0]}")),
            "read session.pair (element 6).element 2[1]: expected true or false, found 0 (type)");
}

TEST(TypedError, OfANumberThatDoesNotFitTellsTheRange) {
  EXPECT_EQ(why_not<std::uint8_t>("256"), "read term: expected an integer from 0 to 255, found 256 (type)");
  EXPECT_EQ(why_not<std::int8_t>("-129"), "read term: expected an integer from -128 to 127, found -129 (type)");
  EXPECT_EQ(why_not<unsigned>("-1"), "read term: expected an integer from 0 to 4294967295, found -1 (type)");
  EXPECT_EQ(
      why_not<std::int64_t>("9223372036854775808"),
      "read term: expected an integer from -9223372036854775808 to 9223372036854775807, found 9223372036854775808 "
      "(type)");
  EXPECT_EQ(why_not<std::uint64_t>("18446744073709551616"),
            "read term: expected an integer from 0 to 18446744073709551615, found 18446744073709551616 (type)");
  EXPECT_EQ(why_not<float>("1.0e300"), "read term: expected a float of 32 bits, found 1.0e300 (type)");
  EXPECT_EQ(why_not<std::chrono::duration<std::int8_t>>("200"),
            "read term: expected an integer from -128 to 127, found 200 (type)");
}

TEST(TypedError, OfAnotherKindTellsTheKind) {
  EXPECT_EQ(why_not<int>("1.0"), "read term: expected an integer, found 1.0 (type)");
  EXPECT_EQ(why_not<double>("1"), "read term: expected a float, found 1 (type)");
  EXPECT_EQ(why_not<bool>("yes"), "read term: expected true or false, found yes (type)");
  EXPECT_EQ(why_not<Atom>("<<\"a\">>"), "read term: expected an atom, found <<\"a\">> (type)");
  EXPECT_EQ(why_not<Pid>("a"), "read term: expected a pid of this node, found a (type)");
  EXPECT_EQ(why_not<Pid>("<a@b/4.1.2>"), "read term: expected a pid of this node, found <a@b/4.1.2> (type)");
  EXPECT_EQ(why_not<std::string>("\"a\""), "read term: expected a binary, found \"a\" (type)");
  EXPECT_EQ(why_not<std::string>("<<1:1>>"), "read term: expected a binary, found <<1:1>> (type)");
  EXPECT_EQ(why_not<std::vector<char>>("[1]"), "read term: expected a binary, found [1] (type)");
  EXPECT_EQ((why_not<std::array<char, 2>>("<<\"abc\">>")),
            "read term: expected a binary of 2 bytes, found <<\"abc\">> (type)");
  EXPECT_EQ(why_not<std::vector<int>>("{1}"), "read term: expected a list, found {1} (type)");
  EXPECT_EQ(why_not<std::vector<int>>("[1|2]"), "read term: expected a list, found [1|2] (type)");
  EXPECT_EQ((why_not<std::array<int, 3>>("[1, 2]")), "read term: expected a list of 3 elements, found [1,2] (type)");
  EXPECT_EQ((why_not<std::pair<int, int>>("{1}")), "read term: expected {_,_}, found {1} (type)");
  EXPECT_EQ(why_not<std::tuple<>>("{1}"), "read term: expected {}, found {1} (type)");
  EXPECT_EQ((why_not<std::map<int, int>>("[]")), "read term: expected a map, found [] (type)");
  EXPECT_EQ(why_not<std::monostate>("[]"), "read term: expected undefined, found [] (type)");
  EXPECT_EQ(why_not<color>("blue"), "read term: expected one of red, dark_green, found blue (type)");
  EXPECT_EQ(why_not<color>("1"), "read term: expected one of red, dark_green, found 1 (type)");
  EXPECT_EQ(why_not<std::optional<int>>("x"), "read term: expected undefined or an integer, found x (type)");
  EXPECT_EQ(why_not<std::optional<std::vector<int>>>("[x]"), "read term[0]: expected an integer, found x (type)");
}

TEST(TypedError, OfAVariantTellsAllAlternativesOrWhatIsWrongInOne) {
  using Event = std::variant<int, std::string, page>;
  EXPECT_EQ(why_not<Event>("x"), "read term: expected an integer or a binary or {page,_,_}, found x (type)");
  EXPECT_EQ(why_not<std::vector<Event>>("[1, {page, <<>>, 300}]"),
            "read term[1].level (element 3): expected an integer from 0 to 255, found 300 (type)");
  using Nested = std::variant<int, std::array<int, 1>, std::vector<int>, std::map<int, int>, std::tuple<int, int>>;
  EXPECT_EQ(why_not<Nested>("[1, x]"), "read term[1]: expected an integer, found x (type)");
  EXPECT_EQ(why_not<Nested>("#{1 => x}"), "read term[1]: expected an integer, found x (type)");
  EXPECT_EQ(why_not<Nested>("{1, x}"), "read term.element 2: expected an integer, found x (type)");
  EXPECT_EQ(why_not<Nested>("{1, 2, 3}"),
            "read term: expected an integer or a list of 1 elements or a list or a map or {_,_}, found {1,2,3} (type)");
}

TEST(TypedError, TellsWhatALongTermIsInsteadOfPrintingIt) {
  const std::string long_text(100000, 'x');
  EXPECT_EQ(why_not_term<int>(Term(long_text)),
            "read term: expected an integer, found a binary of 100000 bytes (type)");
  EXPECT_EQ(why_not_term<int>(list(std::vector<Term>(1000, Term(1)))),
            "read term: expected an integer, found a list of 1000 elements (type)");
  EXPECT_EQ(why_not_term<int>(tuple(std::vector<Term>(1000, Term(1)))),
            "read term: expected an integer, found a tuple of 1000 elements (type)");
  EXPECT_EQ(why_not<bool>("1" + std::string(1000, '0')),
            "read term: expected true or false, found an integer of more than 2048 bits (type)");
  std::string umlauts;
  for (int i = 0; i < 60; ++i) umlauts += "\xC3\xA4";
  const std::string message = why_not_term<int>(Term(Atom(umlauts)));
  EXPECT_TRUE(message.ends_with("\xC3\xA4... (type)")) << message << " is cut between two characters";
}

struct chain {
  std::vector<chain> next;
};

chain chain_of(std::size_t links) {
  chain value;
  for (std::size_t i = 1; i < links; ++i) {
    chain around;
    around.next.push_back(std::move(value));
    value = std::move(around);
  }
  return value;
}

// Each link is two containers, but for the last one, whose list is empty.
TEST(TypedError, OfNestingBeyondTheLimitIsAnErrorBothWays) {
  const chain deepest = chain_of(typed::kNestingMax / 2);
  const Term term = to_term(deepest);
  EXPECT_EQ(to_term(from_term<chain>(term)), term);
  EXPECT_EQ(message_of([] { (void)to_term(chain_of(typed::kNestingMax / 2 + 1)); }),
            "make a term: the value nests more than 500 containers (system_limit)");

  const Term deeper = tuple({"chain"_atom, list({term})});
  EXPECT_FALSE(try_from_term<chain>(deeper));
  const std::string message = message_of([&] { (void)from_term<chain>(deeper); });
  EXPECT_TRUE(message.starts_with("read chain.next[0].next[0]")) << message;
  EXPECT_TRUE(message.ends_with(": expected at most 500 containers in each other, found {chain,[]} (system_limit)"))
      << message;
}

TEST(TypedError, OfValuesThatNoTermSays) {
  EXPECT_EQ(message_of([] { (void)to_term(std::nan("")); }), "make a term: infinity and NaN are no terms (badarg)");
  EXPECT_EQ(message_of([] { (void)to_term(std::vector<float>{std::numeric_limits<float>::infinity()}); }),
            "make a term: infinity and NaN are no terms (badarg)");
  EXPECT_EQ(message_of([] { (void)to_term(static_cast<const char*>(nullptr)); }),
            "make a term: a null pointer is no binary (badarg)");
  EXPECT_EQ(message_of([] { (void)to_term(static_cast<color>(7)); }),
            "make a term: 7 is none of red, dark_green (badarg)");
  EXPECT_EQ(message_of([] { (void)to_term(std::optional("undefined"_atom)); }),
            "make a term: an optional that holds the atom undefined would be read as an empty one (badarg)");
  EXPECT_EQ(message_of([] {
              (void)to_term(std::vector<std::optional<Term>>{Term(1), Term("undefined"_atom)});
            }),
            "make a term: an optional that holds the atom undefined would be read as an empty one (badarg)");
  using Key = std::variant<int, long>;
  EXPECT_EQ(message_of([] {
              (void)to_term(std::map<Key, int>{{Key(5), 1}, {Key(5L), 2}});
            }),
            "make a map: two of its keys become the same term: 5 (badarg)");
}

TEST(TypedError, OfKeysThatAreOneWhenReadIsAnError) {
  EXPECT_EQ((why_not<std::map<float, int>>("#{0.1 => 1, 0.10000000149011612 => 2}")),
            "read term: expected a key that differs from the others once it is read, found 0.10000000149011612 (type)");
}

}  // namespace
}  // namespace heirloom
