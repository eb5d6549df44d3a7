// SPDX-License-Identifier: Apache-2.0
//
// ets:rename/2, and ets:setopts/2 with a protection: between two programs, and over a restart of the manager.
#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "base/error_fixture.hpp"
#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

class Renaming : public NodeDirectoryTest {
 protected:
  Renaming() : manager_({"serve", node(), base() / "log"}) {
    EXPECT_EQ(manager_.hear(), "ok ready");
    opened_.emplace(Node::open(node(), {.role = NodeRole::client}));
    table_.emplace(opened_->open_or_create("before"_atom));
    table_->insert({1, "kept"});
  }
  HelperProgram manager_;
  std::optional<Node> opened_;
  std::optional<Table> table_;
};

TEST_F(Renaming, TakesEffectForAllAtOnce) {
  table_->rename("after"_atom);
  EXPECT_FALSE(opened_->find_table("before"_atom));
  EXPECT_EQ(opened_->open_table("after"_atom).id(), table_->id());
  EXPECT_EQ(table_->info().name, "after"_atom);
  EXPECT_EQ(table_->size(), 1U);
  EXPECT_NE(opened_->open_or_create("before"_atom).id(), table_->id()) << "the name is free";
}

TEST_F(Renaming, RefusesNamesThatAreTakenItsOwnToo) {
  const Table other = opened_->create("other"_atom);
  EXPECT_EQ(code_of([&] { table_->rename("other"_atom); }), ErrorCode::already_exists);
  EXPECT_EQ(code_of([&] { table_->rename("before"_atom); }), ErrorCode::already_exists);
  EXPECT_EQ(opened_->open_table("before"_atom).id(), table_->id());
}

TEST_F(Renaming, OutlivesTheManager) {
  table_->rename("after"_atom);
  table_->set_protection(Protection::private_access);
  manager_.kill();
  HelperProgram next({"serve", node(), base() / "log"});
  EXPECT_EQ(next.hear(), "ok ready");
  EXPECT_EQ(opened_->open_table("after"_atom).id(), table_->id());
  EXPECT_EQ(table_->info().protection, Protection::private_access);
  EXPECT_EQ(table_->lookup(1).size(), 1U);
}

TEST_F(Renaming, MakesANodeTableInTheSameStep) {
  {
    Table filled = opened_->create("filling"_atom);
    filled.insert({1, "whole"});
    EXPECT_EQ(code_of([&] { filled.make_node_table("before"_atom); }), ErrorCode::already_exists);
    EXPECT_FALSE(filled.info().node_table);
    filled.make_node_table("filled"_atom);
    EXPECT_TRUE(filled.info().node_table);
    EXPECT_EQ(filled.info().owner, self());
    EXPECT_EQ(opened_->open_table("filled"_atom), filled);
    filled.make_node_table("filled"_atom);  // it has the name already
    const Term gone = monitor(
        spawn([&] { EXPECT_EQ(code_of([&] { filled.make_node_table("stolen"_atom); }), ErrorCode::not_owner); }));
    EXPECT_EQ(receive()[1], gone);
  }
  // It outlives its owner, and the manager.
  table_.reset();
  opened_.reset();
  manager_.kill();
  HelperProgram next({"serve", node(), base() / "log"});
  EXPECT_EQ(next.hear(), "ok ready");
  opened_.emplace(Node::open(node(), {.role = NodeRole::client}));
  const Table table = opened_->open_table("filled"_atom);
  EXPECT_EQ(table.lookup(1).one(), (Term{1, "whole"}));
  EXPECT_EQ(table.info().owner, std::nullopt);
}

TEST_F(Renaming, IsForThoseWhoMayWrite) {
  const Pid owner = self();
  const Pid other = spawn([&] {
    EXPECT_EQ(code_of([&] { table_->rename("stolen"_atom); }), ErrorCode::access);
    EXPECT_EQ(code_of([&] { table_->set_protection(Protection::public_access); }), ErrorCode::not_owner);
    send(owner, "done"_atom);
    static_cast<void>(receive());  // until it may
    table_->insert({2, "by another"});
    table_->rename("by another"_atom);
    EXPECT_EQ(code_of([&] { table_->set_protection(Protection::private_access); }), ErrorCode::not_owner);
    send(owner, "done"_atom);
    static_cast<void>(receive());
    EXPECT_EQ(code_of([&] { static_cast<void>(table_->lookup(1)); }), ErrorCode::access);
    send(owner, "done"_atom);
  });
  EXPECT_EQ(receive(), Term("done"_atom));
  table_->set_protection(Protection::public_access);
  send(other, "go on"_atom);
  EXPECT_EQ(receive(), Term("done"_atom));
  EXPECT_EQ(table_->info().name, "by another"_atom);
  table_->set_protection(Protection::private_access);
  send(other, "go on"_atom);
  EXPECT_EQ(receive(), Term("done"_atom));
  EXPECT_EQ(table_->size(), 2U);
}

}  // namespace
}  // namespace heirloom::node
