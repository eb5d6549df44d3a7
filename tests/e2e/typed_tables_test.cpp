// SPDX-License-Identifier: Apache-2.0
//
// Strategy: a program that keeps plain structs in a table, beside a person at the command line who sees and writes records,
// as Erlang would. Catches what one of them writes and the other cannot read, and objects of another shape that come back as
// half of a struct.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <heirloom/typed_table.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;

enum class role { guest, admin };

struct session {
  std::string user;
  std::int64_t hits;
  std::optional<role> rights;
  friend bool operator==(const session&, const session&) = default;
};

struct cell {
  std::pair<std::int32_t, std::int32_t> place;
  double value;
  friend bool operator==(const cell&, const cell&) = default;
};

struct view {
  std::string_view text;
};
struct no_members {};
static_assert(TableRecord<session> && TableRecord<cell>);
static_assert(!TableRecord<view>, "it would refer to memory that is gone");
static_assert(!TableRecord<no_members> && !TableRecord<int> && !TableRecord<std::tuple<Atom, int>>);

template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

class TypedTables : public Shell {
 protected:
  Node node_ = Node::open(node());
  TypedTable<session> sessions_{
      node_.open_or_create("sessions"_atom, {.protection = Protection::public_access, .keypos = 2})};
};

TEST_F(TypedTables, AStructIsSeenAsARecordAndARecordAsAStruct) {
  sessions_.insert({"alice", 7, {}});
  EXPECT_THAT(run("heirloom get sessions '<<\"alice\">>'"), Prints("{session,<<\"alice\">>,7,undefined}\n"));
  EXPECT_THAT(run("heirloom put sessions '{session, <<\"bob\">>, 8, admin}'"), Prints(""));
  EXPECT_EQ(sessions_.lookup("bob"), (session{"bob", 8, role::admin}));
  EXPECT_EQ(sessions_.lookup("carol"), std::nullopt);
  EXPECT_TRUE(sessions_.member("alice"));
  EXPECT_FALSE(sessions_.member("carol"));
}

TEST_F(TypedTables, InsertNewTakeAndEraseAreThoseOfTheTable) {
  EXPECT_TRUE(sessions_.insert_new({"alice", 1, {}}));
  EXPECT_FALSE(sessions_.insert_new({"alice", 2, {}}));
  EXPECT_EQ(sessions_.take("alice"), (session{"alice", 1, {}}));
  EXPECT_EQ(sessions_.take("alice"), std::nullopt);
  sessions_.insert({"bob", 1, {}});
  sessions_.insert({"bob", 2, role::guest});
  EXPECT_EQ(sessions_.size(), 1U);
  sessions_.erase("bob");
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(TypedTables, SeveralAreInsertedAtOnceOrNotAtAll) {
  const std::vector<session> both{{"alice", 1, {}}, {"bob", 2, {}}};
  sessions_.insert(both);
  EXPECT_THAT(sessions_.tab2list(), ::testing::UnorderedElementsAreArray(both));
  const std::vector<session> one_is_there{{"carol", 3, {}}, {"bob", 4, {}}};
  EXPECT_FALSE(sessions_.insert_new(one_is_there));
  EXPECT_THAT(sessions_.tab2list(), ::testing::UnorderedElementsAreArray(both));
}

TEST_F(TypedTables, TheKeyMayBeOfAnyType) {
  TypedTable<cell> cells(node_.create("cells"_atom, {.keypos = 2}));
  cells.insert({{1, -2}, 0.5});
  EXPECT_EQ(cells.lookup({1, -2}), (cell{{1, -2}, 0.5}));
  EXPECT_EQ(cells.lookup({-2, 1}), std::nullopt);
  EXPECT_EQ(cells.table().lookup(Term{1, -2}).one(), parse("{cell, {1, -2}, 0.5}"));
}

TEST_F(TypedTables, AnObjectOfAnotherShapeIsAnErrorThatTellsWhatIsWrong) {
  EXPECT_THAT(run("heirloom put sessions '{session, <<\"alice\">>, many, guest}'"), Prints(""));
  EXPECT_EQ(message_of([&] { (void)sessions_.lookup("alice"); }),
            "read session.hits (element 3): expected an integer, found many (type)");
  EXPECT_EQ(message_of([&] { (void)sessions_.tab2list(); }),
            "read session.hits (element 3): expected an integer, found many (type)");
  EXPECT_THAT(run("heirloom put sessions '{user, <<\"alice\">>}'"), Prints(""));
  EXPECT_EQ(message_of([&] { (void)sessions_.lookup("alice"); }),
            "read session: expected {session,_,_,_}, found {user,<<\"alice\">>} (type)");
}

TEST_F(TypedTables, ATableOfAnotherKeyposIsRefused) {
  EXPECT_EQ(message_of([&] { TypedTable<session>(node_.create("others"_atom)); }),
            "open a table of records: it must be a set of keypos 2, and \"others\" is of the type set and of keypos 1 "
            "(badarg)");
}

}  // namespace

}  // namespace heirloom::e2e
