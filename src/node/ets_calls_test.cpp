// SPDX-License-Identifier: Apache-2.0
//
// Calls of ETS that real Erlang cannot be asked about side by side - ownership, names, what OTP 26 and later added -, from its
// documentation; docs/ets-semantics.md names them.
#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "base/error_fixture.hpp"
#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

class EtsCalls : public NodeDirectoryTest {
 protected:
  EtsCalls() : opened_(Node::open(node())) {}
  Node opened_;
};

TEST_F(EtsCalls, AllTellsEveryTableByName) {
  const Table second = opened_.create("b"_atom);
  const Table first = opened_.create("a"_atom, {.protection = Protection::private_access});
  std::vector<Atom> names;
  for (const TableInfo& table : opened_.tables()) names.push_back(table.name);
  EXPECT_EQ(names, (std::vector{"a"_atom, "b"_atom}));
}

TEST_F(EtsCalls, WhereisFindsATableByItsName) {
  const Table table = opened_.create("a"_atom);
  EXPECT_EQ(opened_.find_table("a"_atom)->id(), table.id());
  EXPECT_FALSE(opened_.find_table("b"_atom));
  EXPECT_EQ(code_of([&] { static_cast<void>(opened_.open_table("b"_atom)); }), ErrorCode::id);
}

TEST_F(EtsCalls, DeleteIsForWhoeverMayWriteAndFreesTheName) {
  Table own = opened_.create("protected"_atom);
  Table anybodys = opened_.create("public"_atom, {.protection = Protection::public_access});
  const Pid owner = self();
  spawn([&] {
    EXPECT_EQ(code_of([&] { own.drop(); }), ErrorCode::access);
    anybodys.drop();
    send(owner, "done"_atom);
  });
  EXPECT_EQ(receive(), Term("done"_atom));
  EXPECT_EQ(code_of([&] { static_cast<void>(anybodys.lookup(1)); }), ErrorCode::id);
  EXPECT_NE(opened_.create("public"_atom).id(), anybodys.id());
  EXPECT_EQ(own.size(), 0U);
}

TEST_F(EtsCalls, GiveAwayTellsTheReceiverAndMovesTheRights) {
  Table table = opened_.create("table"_atom);
  table.insert({1, "given"});
  const Pid giver = self();
  const Pid receiver = spawn([&] {
    EtsTransfer transfer = receive_transfer();
    EXPECT_EQ(transfer.from, giver);
    EXPECT_EQ(transfer.gift_data, Term("gift"));
    transfer.table.insert({2, "by the receiver"});
    send(giver, "done"_atom);
    static_cast<void>(receive());  // the table lives as long as its owner
  });
  EXPECT_EQ(code_of([&] { table.give_away(giver, "gift"); }), ErrorCode::owner);
  table.give_away(receiver, "gift");
  EXPECT_EQ(receive(), Term("done"_atom));
  EXPECT_EQ(table.owner(), receiver);
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(code_of([&] { table.insert({3, "by the giver"}); }), ErrorCode::access);
  EXPECT_EQ(code_of([&] { table.give_away(receiver, "again"); }), ErrorCode::not_owner);
  send(receiver, "end"_atom);
}

TEST_F(EtsCalls, InfoTellsWhatEtsTells) {
  Table table = opened_.create("table"_atom, {.type = TableType::bag,
                                              .protection = Protection::public_access,
                                              .keypos = 2,
                                              .heir = Heir{self(), Term("data")}});
  table.insert({"x", 1});
  table.insert({"y", 1});
  const TableInfo info = table.info();
  EXPECT_EQ(info.name, "table"_atom);
  EXPECT_EQ(info.type, TableType::bag);
  EXPECT_EQ(info.protection, Protection::public_access);
  EXPECT_EQ(info.keypos, 2);
  EXPECT_EQ(info.owner, self());
  ASSERT_TRUE(info.heir);
  EXPECT_EQ(info.heir->process, (std::variant<Pid, Atom>(self())));
  EXPECT_EQ(info.size, 2U);
  EXPECT_EQ(info.memory_words * 8, info.memory_bytes);
  EXPECT_EQ(info.id, table.id());
}

TEST_F(EtsCalls, AFixationCountsAndEndsWithItsProcess) {
  Table table = opened_.create("table"_atom);
  for (int key = 0; key < 100; ++key) table.insert({key, key});
  EXPECT_FALSE(table.info().fixations);
  EXPECT_EQ(code_of([&] { static_cast<void>(table.next("gone"_atom)); }), ErrorCode::badkey);
  table.safe_fixtable(false);  // nothing, and no error
  table.safe_fixtable(true);
  table.safe_fixtable(true);
  const Pid owner = self();
  const Pid other = spawn([&] {
    table.safe_fixtable(true);
    send(owner, "fixed"_atom);
    static_cast<void>(receive());
  });
  EXPECT_EQ(receive(), Term("fixed"_atom));
  const auto fixations = table.info().fixations;
  ASSERT_TRUE(fixations);
  EXPECT_EQ(fixations->processes, (std::vector<std::pair<Pid, std::uint32_t>>{{owner, 2}, {other, 1}}));

  int visited = 0;
  for (auto key = table.first(); key; key = table.next(*key), ++visited) table.erase(*key);
  EXPECT_EQ(visited, 100) << "a deleted key leads on";
  EXPECT_EQ(table.size(), 0U);

  table.safe_fixtable(false);
  table.safe_fixtable(false);
  EXPECT_TRUE(table.info().fixations) << "the other's";
  const Term watch = monitor(other);
  send(other, "end"_atom);
  static_cast<void>(receive());  // its 'DOWN'
  EXPECT_FALSE(table.info().fixations);
  EXPECT_EQ(code_of([&] { static_cast<void>(table.next(1)); }), ErrorCode::badkey);
}

TEST_F(EtsCalls, LookupElementWithADefaultForAnAbsentKeyOnly) {
  Table table = opened_.create("table"_atom);
  table.insert({1, "one"});
  EXPECT_EQ(table.lookup_element(1, 2, "default"), Term("one"));
  EXPECT_EQ(table.lookup_element(2, 2, "default"), Term("default"));
  EXPECT_EQ(table.lookup_element(2, 9, "default"), Term("default"));
  EXPECT_EQ(code_of([&] { static_cast<void>(table.lookup_element(1, 3, "default")); }), ErrorCode::position);
  EXPECT_EQ(code_of([&] { static_cast<void>(table.lookup_element(2, 0, "default")); }), ErrorCode::position);
}

}  // namespace
}  // namespace heirloom::node
