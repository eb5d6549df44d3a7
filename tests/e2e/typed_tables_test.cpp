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

TEST_F(TypedTables, CountersAreMembers) {
  sessions_.insert({"alice", 7, {}});
  EXPECT_EQ(sessions_.update_counter<&session::hits>("alice", 3), 10);
  EXPECT_EQ(sessions_.update_counter<&session::hits>("alice", {.increment = 1, .threshold = 10, .reset_to = 1}), 1);
  EXPECT_EQ(sessions_.update_counter<&session::hits>("bob", Count{2}, {"nobody", 5, role::guest}), 7);
  EXPECT_EQ(sessions_.lookup("bob"), (session{"bob", 7, role::guest}));
  EXPECT_EQ(sessions_.update_counters<&session::hits>("bob", Count{1}), std::tuple(8));
  EXPECT_THAT(message_of([&] { sessions_.update_counter<&session::hits>("carol", 1); }),
              ::testing::HasSubstr("badkey"));
}

TEST_F(TypedTables, ElementsAreMembers) {
  sessions_.insert({"alice", 7, {}});
  EXPECT_TRUE((sessions_.update_element<&session::rights, &session::hits>("alice", role::admin, 8)));
  EXPECT_EQ(sessions_.lookup_element<&session::rights>("alice"), role::admin);
  EXPECT_EQ(sessions_.lookup_element<&session::hits>("alice"), 8);
  EXPECT_FALSE(sessions_.update_element<&session::hits>("bob", 1));
  EXPECT_EQ(sessions_.lookup_element<&session::hits>("bob", 5), 5);
  EXPECT_THAT(message_of([&] { (void)sessions_.lookup_element<&session::hits>("bob"); }),
              ::testing::HasSubstr("badkey"));
  sessions_.update_element_or_insert<&session::rights>("bob", {"nobody", 2, {}}, role::guest);
  EXPECT_EQ(sessions_.lookup("bob"), (session{"bob", 2, role::guest}));
}

// The members of a session whose text is where it was read.
struct session_view {
  static constexpr std::string_view record_name = "session";
  std::string_view user;
  std::int64_t hits;
  TermView rights;
};

TEST_F(TypedTables, ARecordIsReadWithoutACopyOfItsText) {
  sessions_.insert({"alice", 7, role::admin});
  std::string seen;
  EXPECT_EQ(sessions_.read<session_view>("alice", [&](const session_view& view) { seen = view.user; }), 1U);
  EXPECT_EQ(seen, "alice");
  EXPECT_EQ(sessions_.read<session_view>("bob", [](const session_view&) { FAIL(); }), 0U);
  std::int64_t hits = 0;
  sessions_.read_all<session_view>([&](const session_view& view) { hits += view.hits; });
  EXPECT_EQ(hits, 7);
}

struct two_members {
  std::string_view user;
  std::int64_t hits;
};
static_assert(RecordView<session_view, session> && RecordView<session, session>);
static_assert(!RecordView<two_members, session>);

TEST_F(TypedTables, AreAskedByTheirMembers) {
  using namespace query;
  const std::vector<session> all{{"alice", 7, role::admin}, {"bob", 20, {}}, {"carol", 30, role::guest}};
  sessions_.insert(all);
  sessions_.table().insert(parse("{other, <<\"zoe\">>}"));
  EXPECT_THAT(sessions_.select(where(field<&session::hits> > 10)), ::testing::UnorderedElementsAre(all[1], all[2]));
  EXPECT_THAT(sessions_.select(where(field<&session::rights> == role::admin).yield(field<&session::user>)),
              ::testing::ElementsAre("alice"));
  EXPECT_THAT(sessions_.select(
                  where(field<&session::user> == "bob").yield(tuple(field<&session::user>, field<&session::hits>))),
              ::testing::ElementsAre(std::tuple("bob", 20)));
  std::int64_t hits = 0;
  for (const session& each : sessions_.each(where(has_value(field<&session::rights>)), 1)) hits += each.hits;
  EXPECT_EQ(hits, 37);
  EXPECT_EQ(sessions_.select_count(records<session>()), 3U) << "not zoe, who is none";
  EXPECT_EQ(
      sessions_.select_replace(where(field<&session::hits> >= 20).assign<&session::hits>(field<&session::hits> - 20)),
      2U);
  EXPECT_EQ(sessions_.lookup("carol"), (session{"carol", 10, role::guest}));
  EXPECT_EQ(sessions_.select_delete(where(!has_value(field<&session::rights>))), 1U);
  EXPECT_EQ(sessions_.size(), 3U);
}

TEST_F(TypedTables, AreTraversedAsTheirTable) {
  TypedTable<cell> cells(node_.create("cells"_atom, {.type = TableType::ordered_set, .keypos = 2}));
  const std::vector<cell> all{{{1, 1}, 0.5}, {{1, 2}, 1.5}, {{2, 1}, 2.5}};
  cells.insert(all);
  std::vector<cell> seen;
  for (const cell& each : cells) seen.push_back(each);
  EXPECT_EQ(seen, all);
  EXPECT_EQ(cells.first(), std::pair(1, 1));
  EXPECT_EQ(cells.last(), std::pair(2, 1));
  EXPECT_EQ(cells.next({1, 1}), std::pair(1, 2));
  EXPECT_EQ(cells.prev({1, 1}), std::nullopt);
  EXPECT_EQ(*cells.lower_bound({1, 2}), all[1]);
  EXPECT_EQ(*cells.upper_bound({1, 2}), all[2]);
  EXPECT_TRUE(cells.upper_bound({2, 1}) == cells.end());
  EXPECT_EQ(cells.foldl([](const cell& each, double sum) { return sum + each.value; }, 0.0), 4.5);
  EXPECT_EQ(cells.foldr([](const cell& each, double) { return each.value; }, 0.0), 0.5);
  EXPECT_EQ(cells.select_reverse(query::records<cell>()).front(), all[2]);
  cells.delete_object({{1, 1}, 0.25});
  cells.delete_object({{1, 2}, 1.5});
  EXPECT_EQ(cells.size(), 2U);
  std::optional<std::vector<cell>> next(std::in_place, 1, cell{{5, 5}, 5});
  cells.init_table([&] { return std::exchange(next, std::nullopt); });
  EXPECT_THAT(cells.tab2list(), ::testing::ElementsAre(cell{{5, 5}, 5}));
  cells.delete_all_objects();
  EXPECT_EQ(cells.first(), std::nullopt);
}

TEST_F(TypedTables, ABagHasSeveralRecordsOfAKey) {
  TypedBag<session> visits(node_.create("visits"_atom, {.type = TableType::bag, .keypos = 2}));
  visits.insert({"alice", 1, {}});
  visits.insert({"alice", 2, role::guest});
  EXPECT_THAT(visits.lookup("alice"),
              ::testing::ElementsAre(session{"alice", 1, {}}, session{"alice", 2, role::guest}));
  EXPECT_THAT(visits.lookup_element<&session::hits>("alice"), ::testing::ElementsAre(1, 2));
  visits.delete_object({"alice", 1, {}});
  EXPECT_EQ(visits.take("alice").size(), 1U);
  EXPECT_THAT(visits.lookup("alice"), ::testing::IsEmpty());
  EXPECT_THAT(message_of([&] { TypedBag<session>{sessions_.table()}; }),
              ::testing::HasSubstr("it must be a bag of keypos 2"));
}

// What does not compile.
struct of_small_counter {
  std::string key;
  std::int32_t hits;
};
template <auto kMember, typename T>
concept MayCount = requires(TypedTable<T>& table) {
  table.template update_counter<kMember>("key", 1);
};
template <auto kMember, typename T, typename V>
concept MayUpdate = requires(TypedTable<T>& table, const V& value) {
  table.template update_element<kMember>("key", value);
};
template <typename T, typename Query>
concept MaySelect = requires(TypedTable<T>& table, const Query& query) {
  table.select(query);
  table.select_delete(query);
};
static_assert(MayCount<&session::hits, session> && !MayCount<&session::rights, session> &&
              !MayCount<&session::user, session>);
static_assert(!MayCount<&session::hits, of_small_counter>, "a member of another struct");
static_assert(!MayCount<&of_small_counter::hits, of_small_counter>, "it could count beyond what the member can hold");
static_assert(MayUpdate<&session::rights, session, role> && !MayUpdate<&session::rights, session, int>);
static_assert(!MayUpdate<&session::user, session, std::string>, "the key");
static_assert(MaySelect<session, query::Records<session>> && !MaySelect<session, query::Records<cell>>);

TEST_F(TypedTables, ATableOfAnotherKeyposIsRefused) {
  EXPECT_EQ(message_of([&] { TypedTable<session>(node_.create("others"_atom)); }),
            "open a table of records: it must be a set of keypos 2, and \"others\" is of the type set and of keypos 1 "
            "(badarg)");
}

}  // namespace

}  // namespace heirloom::e2e
