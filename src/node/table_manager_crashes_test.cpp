// SPDX-License-Identifier: Apache-2.0
//
// A table manager whose users crash in a loop, and one that gets its table back from users that live.
#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "heirloom/table_manager.hpp"

#include "node/table_manager_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;
using OnCrashLoop = TableManager::OnCrashLoop;

class CrashingUsers : public TableManagerTest {
 protected:
  static Pid start_manager(const TableManager::Crashes& crashes, const TableManager::FindMe& find_me = "worker"_atom) {
    return TableManager::start(
        {.table_id = "jobs"_atom, .find_me = find_me, .gift_data = "gift"_atom, .crashes = crashes});
  }
  // A user that gets the table and dies of it.
  static void crash() {
    const Pid worker = start_worker();
    ASSERT_EQ(wait_for_worker(), worker);
    tell_to_throw(worker);
    wait_until_ended(worker);
  }
  [[nodiscard]] std::vector<std::string> set_aside() const {
    std::vector<std::string> names;
    for (const TableInfo& info : node.tables()) {
      if (info.quarantine) names.emplace_back(info.name.text());
    }
    return names;
  }
  // That there is a table of the name is all that anybody knows of it.
  void wait_for_a_fresh_table(const std::string& former) const {
    for (;;) {
      const auto table = node.find_table("jobs"_atom);
      if (table && table->info().id != former) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

TEST_F(CrashingUsers, GetTheTableAgainAfterAPauseThatGrows) {
  const std::chrono::milliseconds pause{40};
  start_manager({.deaths = 2, .within = std::chrono::hours(1), .pause_min = pause, .pause_max = 2 * pause});
  crash();
  crash();
  for (const auto expected : {pause, 2 * pause, 2 * pause}) {
    const auto before = std::chrono::steady_clock::now();
    crash();
    EXPECT_GE(std::chrono::steady_clock::now() - before, expected - pause / 4);
  }
  EXPECT_TRUE(set_aside().empty());
}

TEST_F(CrashingUsers, PauseAlsoWhereAFunctionFindsThem) {
  const std::chrono::milliseconds pause{40};
  start_manager({.deaths = 1, .within = std::chrono::hours(1), .pause_min = pause, .pause_max = pause}, find_worker);
  crash();
  const auto before = std::chrono::steady_clock::now();
  expect_a_new_worker_gets_the_table();
  EXPECT_GE(std::chrono::steady_clock::now() - before, pause - pause / 4);
}

TEST_F(CrashingUsers, DoNotCountWhenTheyEndAsTheyShould) {
  start_manager({.then = OnCrashLoop::stop, .deaths = 1, .within = std::chrono::hours(1)});
  for (int life = 0; life < 3; ++life) {
    const Pid worker = start_worker();
    ASSERT_EQ(wait_for_worker(), worker);
    life == 1 ? exit(worker, "shutdown"_atom) : tell_to_return(worker);
    wait_until_ended(worker);
  }
  EXPECT_TRUE(set_aside().empty());
}

TEST_F(CrashingUsers, GetAFreshTableWhenTheirsIsSetAside) {
  start_manager({.then = OnCrashLoop::quarantine, .deaths = 2, .within = std::chrono::hours(1)});
  const Pid worker = start_worker();
  ASSERT_EQ(wait_for_worker(), worker);
  tell_to_insert(worker, Term{1, "poison"});
  tell_to_throw(worker);
  wait_until_ended(worker);
  const std::string former = node.open_table("jobs"_atom).info().id;
  crash();
  wait_for_a_fresh_table(former);
  EXPECT_EQ(set_aside(), std::vector<std::string>{"jobs@1"});
  const Table aside = node.open_table("jobs@1"_atom);
  EXPECT_EQ(aside.lookup(1).one(), (Term{1, "poison"}));
  EXPECT_THAT(aside.info().quarantine->cause, testing::HasSubstr("2 of its users crashed within 3600 s"));
  expect_a_new_worker_gets_the_table();
  EXPECT_TRUE(node.open_table("jobs"_atom).lookup(1).empty());
}

TEST_F(CrashingUsers, GetNothingUntilAnOperatorReleasesTheTable) {
  start_manager({.then = OnCrashLoop::stop, .deaths = 1, .within = std::chrono::milliseconds(500)});
  crash();
  while (set_aside().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(set_aside(), std::vector<std::string>{"jobs"});
  const Pid worker = start_worker();
  while (!find_worker()) std::this_thread::yield();
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, std::nullopt);
  EXPECT_THROW(node.open_or_create("jobs"_atom), Error);
  node.open_table("jobs"_atom).release();
  EXPECT_EQ(wait_for_worker(), worker);
}

TEST_F(CrashingUsers, WaitForTheReleaseUnderTheNextManagerToo) {
  const TableManager::Crashes crashes{.then = OnCrashLoop::stop, .deaths = 1, .within = std::chrono::hours(1)};
  const Pid first = start_manager(crashes);
  crash();
  while (set_aside().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  exit(first, "kill"_atom);
  wait_until_ended(first);
  start_manager(crashes);
  node.open_table("jobs"_atom).release();
  expect_a_new_worker_gets_the_table();
}

using Requests = TableManagerTest;

TEST_F(Requests, AreGrantedByATableManagerThatHasTheTable) {
  start_manager("somebody"_atom);
  const Table jobs = node.request_table("jobs"_atom);
  EXPECT_EQ(jobs.info().owner, self());
  EXPECT_EQ(node.request_table("jobs"_atom), jobs) << "of the owner itself";
}

TEST_F(Requests, AreGrantedByAnOwnerThatGivesTheTableAway) {
  const Pid owner = spawn([this, test = self()] {
    Table table = node.open_or_create("jobs"_atom);
    table.insert({1, "written"});
    send(test, "ready"_atom);
    const auto request = as_table_request(receive());
    ASSERT_TRUE(request);
    EXPECT_EQ(request->table, "jobs"_atom);
    EXPECT_EQ(request->data, Term("version 2"));
    table.insert({2, "finished"});
    table.give_away(request->from, 0);
  });
  receive();
  Table table = node.request_table("jobs"_atom, std::chrono::hours(1), "version 2");
  table.insert({3, "going on"});
  EXPECT_EQ(table.size(), 3U);
  wait_until_ended(owner);
}

TEST_F(Requests, GoToTheNextOwnerWhenOneDies) {
  start_manager("worker"_atom);
  const Pid worker = start_worker();
  ASSERT_EQ(wait_for_worker(), worker);
  const Pid asking = spawn([this, test = self()] {
    const Table table = node.request_table("jobs"_atom, std::chrono::hours(1));
    send(test, Term{"asked"_atom, *table.info().owner});
    receive();
  });
  send(worker, "return"_atom);  // the request may come first: it is no order that the worker knows
  const auto told = receive_if([](const Term& message) { return message.element(1) == Term("asked"_atom); }, kForEver);
  EXPECT_EQ(told->element(2).as_pid(), asking);
}

TEST_F(Requests, EndWithTheTimeGiven) {
  const Pid owner = spawn([this, test = self()] {
    const Table table = node.open_or_create("jobs"_atom);
    send(test, "ready"_atom);
    receive_if([](const Term&) { return false; }, kForEver);
  });
  receive();
  try {
    (void)node.request_table("jobs"_atom, std::chrono::milliseconds(10));
    FAIL() << "nobody gave it away";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::timed_out);
  }
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, owner);
}

TEST_F(Requests, ForWhatNobodyOwnsAreClaims) {
  spawn_monitor([this] { node.open_or_create("jobs"_atom); });
  receive();
  EXPECT_EQ(node.request_table("jobs"_atom).info().owner, self());
  EXPECT_THROW((void)node.request_table("nothing"_atom), Error);
}

using Returned = TableManagerTest;

TEST_F(Returned, TablesAreNotHandedToWhoGaveThemBack) {
  const Pid manager = start_manager("worker"_atom);
  const Pid worker = start_worker();
  ASSERT_EQ(wait_for_worker(), worker);
  tell_to_give(worker, manager);
  register_name("anybody"_atom);  // a change of names
  while (node.open_table("jobs"_atom).info().owner != manager) std::this_thread::yield();
  unregister_name("anybody"_atom);
  unregister_name("worker"_atom);
  const Pid other = start_worker();
  EXPECT_EQ(wait_for_worker(), other);
}

TEST_F(Returned, TablesThatWereReclaimedGoToAnother) {
  start_manager({"worker"_atom, "standby"_atom});
  const Pid worker = start_worker();
  ASSERT_EQ(wait_for_worker(), worker);
  node.open_table("jobs"_atom).reclaim();
  const Pid standby = start_worker("standby"_atom);
  EXPECT_EQ(wait_for_worker(), standby);
}

class ManyTables : public TableManagerTest {
 protected:
  static TableManager::Options table(const std::string& name, const TableManager::FindMe& find_me = "worker"_atom) {
    return {.table_id = Atom(name), .table_options = TableManager::default_table_options(), .find_me = find_me};
  }
};

TEST_F(ManyTables, AreManagedByOneProcess) {
  constexpr int kTables = 20;
  std::vector<TableManager::Options> tables;
  for (int i = 0; i < kTables; ++i) tables.push_back(table("jobs_" + std::to_string(i)));
  const Supervisor supervisor(node, {}, {TableManager::child_spec("all_jobs"_atom, tables)});
  EXPECT_EQ(whereis("table_manager:all_jobs"_atom), supervisor.which_children()[0].second);
  for (int life = 0; life < 3; ++life) {
    spawn_monitor([] {
      register_name("worker"_atom);
      for (int i = 0; i < kTables; ++i) EXPECT_TRUE(receive_transfer().table.insert_new({"key"_atom, self()}));
    });
    receive_if([](const Term& message) { return message.element(1) == Term("DOWN"_atom); }, kForEver);
  }
  for (int i = 0; i < kTables; ++i) {
    const Table table = node.open_table(Atom("jobs_" + std::to_string(i)));
    EXPECT_EQ(table.size(), 3U);
    EXPECT_EQ(table.info().keypos, 2);
  }
}

TEST_F(ManyTables, MayNotBeDeclaredTwice) {
  EXPECT_THROW(TableManager::start("all"_atom, {table("jobs"), table("jobs")}), Error);
  EXPECT_THROW(TableManager::start("all"_atom, {table("jobs", {})}), Error);
  TableManager::Options forgetful = table("jobs");
  forgetful.crashes.deaths = 31;
  EXPECT_THROW(TableManager::start(forgetful), Error);
}

TEST_F(ManyTables, HaveOneManagerEachWhateverItsNameIs) {
  TableManager::start("all"_atom, {table("jobs"), table("more_jobs")});
  try {
    TableManager::start(table("jobs"));
    FAIL() << "two managers of one table";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::already_exists);
    EXPECT_THAT(error.what(), testing::HasSubstr("manage the table \"jobs\": another table manager does"));
  }
}

TEST_F(ManyTables, MayBeHandedOverQuietly) {
  TableManager::Options options = table("jobs");
  options.quiet = true;
  TableManager::start(options);
  std::promise<void> has_it;
  const Pid worker = spawn([&] {
    register_name("worker"_atom);
    const Table jobs = node.open_table("jobs"_atom);
    while (jobs.info().owner != self()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_FALSE(receive_transfer(std::chrono::milliseconds(0)));
    has_it.set_value();
    receive();
  });
  has_it.get_future().wait();
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, worker);
}

}  // namespace
}  // namespace heirloom
