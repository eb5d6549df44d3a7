// SPDX-License-Identifier: Apache-2.0
//
// Calls of ETS that real Erlang cannot be asked about side by side - ownership, names, what OTP 26 and later added -, from its
// documentation; docs/ets-semantics.md names them.
#include <sys/stat.h>

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

TEST_F(EtsCalls, InfoTellsTheListOfEts) {
  Table table = opened_.create("table"_atom, table_options(parse("[bag, public, {write_concurrency, auto}]")));
  table.insert({1, 2});
  const TableInfo info = table.info();
  EXPECT_EQ(to_term(info), list({{"id"_atom, table.id()},
                                 {"decentralized_counters"_atom, true},
                                 {"read_concurrency"_atom, false},
                                 {"write_concurrency"_atom, "auto"_atom},
                                 {"compressed"_atom, false},
                                 {"memory"_atom, info.memory_words},
                                 {"owner"_atom, self()},
                                 {"heir"_atom, "none"_atom},
                                 {"name"_atom, "table"_atom},
                                 {"size"_atom, 1},
                                 {"node"_atom, "heirloom@localhost"_atom},
                                 {"named_table"_atom, true},
                                 {"type"_atom, "bag"_atom},
                                 {"keypos"_atom, 1},
                                 {"protection"_atom, "public"_atom}}));
  EXPECT_EQ(table.info("size"_atom), Term(1));
  EXPECT_EQ(table.info("binary"_atom), list({}));
  EXPECT_EQ(table.info("safe_fixed"_atom), Term(false));
  EXPECT_EQ(code_of([&] { static_cast<void>(table.info("colour"_atom)); }), ErrorCode::badarg);
  table.safe_fixtable(true);
  EXPECT_EQ(table.info("fixed"_atom), Term(true));
  const Term fixed = table.info("safe_fixed"_atom);
  const TermView since = fixed.element(1);
  EXPECT_GT(since.element(1).as_int64() * 1'000'000 + since.element(2).as_int64(), 1'790'000'000);
  EXPECT_EQ(Term(fixed.element(2)), list({{self(), 1}}));
  const Term monotonic = table.info("safe_fixed_monotonic_time"_atom);
  EXPECT_EQ(monotonic.element(1).as_int64() / 1000 % 1'000'000, since.element(3).as_int64());
}

TEST_F(EtsCalls, MemoryIsWhatTheFileWasGiven) {
  Table table = opened_.create("table"_atom);
  const auto given = [&] {
    struct stat file {};
    EXPECT_EQ(::stat((node() + "/tables/" + table.id()).c_str(), &file), 0);
    return static_cast<std::uint64_t>(file.st_blocks) * 512;
  };
  EXPECT_EQ(table.info().memory_bytes, given());
  for (int key = 0; key < 20'000; ++key) table.insert({key, std::string(100, 'x'), Atom("atom" + std::to_string(key))});
  EXPECT_EQ(table.info().memory_bytes, given());
  EXPECT_EQ(table.info("memory"_atom), Term(given() / 8));
}

TEST_F(EtsCalls, StatsTellOfTheChainsOfTheIndex) {
  Table table = opened_.create("table"_atom, {.type = TableType::bag});
  EXPECT_EQ(table.info("stats"_atom), (Term{1, 0.0, 0.0, 0.0, 0, 0, 0, 8}));
  for (int key = 0; key < 1000; ++key) {
    table.insert({key, 1});
    table.insert({key, 2});
  }
  const Term stats = table.info("stats"_atom);
  ASSERT_EQ(stats.size(), 8U);
  EXPECT_NEAR(stats.element(2).as_double() * static_cast<double>(stats.element(1).as_int64()), 2000, 0.001);
  EXPECT_EQ(stats.element(5).as_int64() % 2, 0) << "both objects of a key share their chain";
  EXPECT_GE(static_cast<double>(stats.element(6).as_int64()), stats.element(2).as_double());
  EXPECT_EQ(opened_.create("ordered"_atom, {.type = TableType::ordered_set}).info("stats"_atom), Term(false));
}

TEST_F(EtsCalls, OptionsAreWrittenAsTheyAreRead) {
  for (const char* text :
       {"[]", "[ordered_set,private,{keypos,7}]", "[bag,public,{heir,keeper,[gift]},{write_concurrency,auto}]",
        "[{heir,<0.1.0>}]", "[{write_concurrency,true},{read_concurrency,true},{decentralized_counters,false}]",
        "[duplicate_bag,compressed,{max_bytes,1048576}]",
        "[{write_concurrency,{debug_hash_fixed_number_of_locks,64}}]"}) {
    EXPECT_EQ(to_string(to_term(table_options(parse(text)))), text);
  }
  EXPECT_EQ(code_of([] { static_cast<void>(table_options(parse("[set, {max_bytes, -1}]"))); }), ErrorCode::badarg);
}

TEST_F(EtsCalls, MaxBytesChangesWhileTheTableLives) {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  Table table = opened_.create("table"_atom, {.max_bytes = kMiB});
  int key = 0;
  const auto fill = [&](std::uint64_t up_to) {
    while (table.size() < up_to) table.insert({key++, std::string(1000, 'x')});
  };
  EXPECT_EQ(code_of([&] { fill(10'000); }), ErrorCode::full);
  const std::uint64_t full = table.size();
  EXPECT_LT(full, 1100U);
  table.set_max_bytes(16 * kMiB);
  fill(10'000);
  EXPECT_EQ(table.info().max_bytes, 16 * kMiB);
  table.set_max_bytes(kMiB);  // less than it has
  EXPECT_EQ(table.size(), 10'000U);
  EXPECT_EQ(code_of([&] { fill(20'000); }), ErrorCode::full);
  EXPECT_TRUE(table.check().ok);
  const std::uint64_t limit = table.info().max_bytes_limit;
  EXPECT_EQ(limit, std::uint64_t{16} << 30);
  table.set_max_bytes(limit);
  EXPECT_EQ(code_of([&] { table.set_max_bytes(limit + 1); }), ErrorCode::badarg);
  EXPECT_EQ(code_of([&] { table.set_max_bytes(kMiB - 1); }), ErrorCode::badarg);
  const TableInfo usual = opened_.create("usual"_atom).info();
  EXPECT_EQ(usual.max_bytes_limit, 4 * usual.max_bytes);
  const Table large = opened_.create("large"_atom, {.max_bytes = std::uint64_t{64} << 30});
  EXPECT_EQ(large.info().max_bytes_limit, std::uint64_t{256} << 30);
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
