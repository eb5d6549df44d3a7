// SPDX-License-Identifier: Apache-2.0
//
// A table manager with a real node, its users as processes of this program: every way in which a user, its table or the
// manager itself can end, and every way in which find_me can fail. Users in programs of their own are in
// table_manager_program_test.cpp.
#include "heirloom/table_manager.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "node/table_manager_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;
using TableManagers = TableManagerTest;

TEST_F(TableManagers, HandTheTableToWhoeverRegistersTheName) {
  const Pid manager = start_manager();
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, manager);
  const Pid worker = start_worker();
  EXPECT_EQ(wait_for_worker(), worker);
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, worker);
}

TEST_F(TableManagers, HandTheTableToAUserThatWasThereBefore) {
  const Pid worker = start_worker();
  while (!find_worker()) std::this_thread::yield();
  start_manager();
  EXPECT_EQ(wait_for_worker(), worker);
}

TEST_F(TableManagers, PassTheTableOnAfterEveryKindOfDeath) {
  start_manager();
  const std::function<void(Pid)> ends[] = {tell_to_return, tell_to_throw,
                                           [](Pid worker) { exit(worker, "told to exit"_atom); },
                                           [](Pid worker) { exit(worker, "kill"_atom); }};
  int inserted = 0;
  for (const auto& end : ends) {
    const Pid worker = start_worker();
    ASSERT_EQ(wait_for_worker(), worker);
    EXPECT_EQ(node.open_table("jobs"_atom).size(), static_cast<std::size_t>(inserted));
    tell_to_insert(worker, Term{++inserted, "job"});
    end(worker);
    wait_until_ended(worker);
  }
  expect_a_new_worker_gets_the_table();
  EXPECT_EQ(node.open_table("jobs"_atom).size(), static_cast<std::size_t>(inserted));
}

TEST_F(TableManagers, HaveTheTableAgainWhenADeathIsTold) {
  const Pid manager = start_manager();
  const Pid worker = start_worker();
  wait_for_worker();
  tell_to_throw(worker);
  wait_until_ended(worker);
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, manager);
}

TEST_F(TableManagers, GoOnWhenFindMeThrows) {
  std::promise<Pid> worker;
  auto calls = std::make_shared<std::atomic<int>>(0);
  start_manager([calls, worker = worker.get_future().share()]() -> std::optional<Pid> {
    if (calls->fetch_add(1) < 2) throw std::runtime_error("not in the mood");
    return worker.get();
  });
  const Pid nameless = start_worker(std::nullopt);
  worker.set_value(nameless);
  EXPECT_EQ(wait_for_worker(), nameless);
  EXPECT_GE(calls->load(), 3);
}

TEST_F(TableManagers, GoOnWhenFindMeEndsItsProcess) {
  auto calls = std::make_shared<std::atomic<int>>(0);
  start_manager([calls]() -> std::optional<Pid> {
    if (calls->fetch_add(1) == 0) exit("not in the mood"_atom);
    return find_worker();
  });
  const Pid worker = start_worker();
  EXPECT_EQ(wait_for_worker(), worker);
}

TEST_F(TableManagers, KeepTheTableWhenFindMeReturnsTheDead) {
  const Pid dead = spawn([] {});
  wait_until_ended(dead);
  auto calls = std::make_shared<std::atomic<int>>(0);
  start_manager([calls, dead]() -> std::optional<Pid> { return calls->fetch_add(1) < 2 ? dead : find_worker(); });
  const Pid worker = start_worker();
  EXPECT_EQ(wait_for_worker(), worker);
}

TEST_F(TableManagers, CallFindMeOnceWhileItHangs) {
  std::promise<void> hang;
  std::promise<void> hanging;
  auto inside = std::make_shared<std::atomic<int>>(0);
  auto worst = std::make_shared<std::atomic<int>>(0);
  const auto find_me = [&, inside, worst, wait = hang.get_future().share()]() -> std::optional<Pid> {
    if (inside->fetch_add(1) > 0) worst->fetch_add(1);
    if (wait.wait_for(std::chrono::seconds(0)) != std::future_status::ready) hanging.set_value();
    wait.wait();
    inside->fetch_sub(1);
    return find_worker();
  };
  const Pid manager = start_manager(find_me);
  hanging.get_future().wait();
  // Names change, which makes it look again; it must not call find_me, and must not give up the table.
  const Pid worker = start_worker();
  register_name("anybody"_atom);
  unregister_name("anybody"_atom);
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, manager);
  hang.set_value();
  EXPECT_EQ(wait_for_worker(), worker);
  EXPECT_EQ(worst->load(), 0);
}

TEST_F(TableManagers, AreOneForEachTable) {
  const Pid first = start_manager();
  try {
    start_manager();
    FAIL() << "two managers of one table";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::already_exists);
    EXPECT_NE(std::string(error.what()).find("manage the table \"jobs\": another table manager does"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, first);
}

TEST_F(TableManagers, NeedAFindMe) {
  EXPECT_THROW(start_manager(nullptr), Error);
  EXPECT_THROW(start_manager({}), Error);
}

TEST_F(TableManagers, FindAUserByName) {
  const Pid manager = start_manager("worker"_atom);
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, manager);
  for (int life = 0; life < 3; ++life) {
    const Pid worker = start_worker();
    ASSERT_EQ(wait_for_worker(), worker);
    EXPECT_EQ(node.open_table("jobs"_atom).size(), static_cast<std::size_t>(life));
    tell_to_insert(worker, Term{life, "job"});
    tell_to_throw(worker);
    wait_until_ended(worker);
    EXPECT_EQ(node.open_table("jobs"_atom).info().owner, manager);
  }
}

TEST_F(TableManagers, PassTheTableToWhoeverWaitsUnderAnotherName) {
  const Pid manager = start_manager({"worker"_atom, "standby"_atom});
  Pid worker = start_worker();
  ASSERT_EQ(wait_for_worker(), worker);
  for (int life = 0; life < 5; ++life) {
    const Pid standby = start_worker(life % 2 == 0 ? "standby"_atom : "worker"_atom);
    while (!whereis(life % 2 == 0 ? "standby"_atom : "worker"_atom)) std::this_thread::yield();
    tell_to_throw(worker);
    const EtsTransferSeen seen = wait_for_transfer();
    EXPECT_EQ(seen.to, standby);
    EXPECT_EQ(seen.from, manager);
    EXPECT_EQ(seen.gift, Term("gift"_atom));
    worker = standby;
  }
  // The manager has followed all that, and has the table in the end.
  tell_to_return(worker);
  wait_until_ended(worker);
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, manager);
  expect_a_new_worker_gets_the_table();
}

TEST_F(TableManagers, NameTheirUsersAnewWhenTheyAreReplaced) {
  const Pid first = start_manager({"worker"_atom, "standby"_atom});
  const Pid worker = start_worker();
  ASSERT_EQ(wait_for_worker(), worker);
  exit(first, "kill"_atom);
  wait_until_ended(first);
  const Pid second = start_manager("deputy"_atom);
  const Pid standby = start_worker("standby"_atom);
  while (!whereis("standby"_atom)) std::this_thread::yield();
  tell_to_return(worker);
  wait_until_ended(worker);
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, second);
  const Pid deputy = start_worker("deputy"_atom);
  EXPECT_EQ(wait_for_worker(), deputy);
  exit(standby, "kill"_atom);
}

TEST_F(TableManagers, FindTheirTableWhenTheyDiedHoldingIt) {
  const Pid first = start_manager();
  const Pid worker = start_worker();
  wait_for_worker();
  tell_to_insert(worker, Term{1, "job"});
  tell_to_return(worker);
  wait_until_ended(worker);
  exit(first, "kill"_atom);
  wait_until_ended(first);
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, std::nullopt);
  const Pid second = start_manager();
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, second);
  EXPECT_EQ(node.open_table("jobs"_atom).size(), 1U);
}

TEST_F(TableManagers, InheritFromAUserThatGotTheTableFromTheirPredecessor) {
  const Pid first = start_manager();
  const Pid worker = start_worker();
  wait_for_worker();
  exit(first, "kill"_atom);
  wait_until_ended(first);
  start_manager();
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, worker);
  tell_to_throw(worker);
  wait_until_ended(worker);
  expect_a_new_worker_gets_the_table();
}

TEST_F(TableManagers, InheritFromAUserThatDiedWhileThereWasNoManager) {
  const Pid first = start_manager();
  const Pid worker = start_worker();
  wait_for_worker();
  tell_to_insert(worker, Term{1, "job"});
  exit(first, "kill"_atom);
  wait_until_ended(first);
  tell_to_throw(worker);
  wait_until_ended(worker);
  start_manager();
  expect_a_new_worker_gets_the_table();
  EXPECT_EQ(node.open_table("jobs"_atom).size(), 1U);
}

TEST_F(TableManagers, ClaimATableThatSomebodyElseMade) {
  std::promise<void> made;
  const Pid maker = spawn([&] {
    Table table = node.open_or_create("jobs"_atom);
    table.insert(Term{1, "job"});
    made.set_value();
    receive();
  });
  made.get_future().wait();
  start_manager();
  EXPECT_EQ(node.open_table("jobs"_atom).info().owner, maker);
  send(maker, "return"_atom);
  expect_a_new_worker_gets_the_table();
  EXPECT_EQ(node.open_table("jobs"_atom).size(), 1U);
}

TEST_F(TableManagers, GetTheTableBackFromAThirdProcess) {
  start_manager();
  const Pid worker = start_worker();
  wait_for_worker();
  const Pid third = start_worker(std::nullopt);
  tell_to_give(worker, third);
  EXPECT_EQ(wait_for_worker(), third);
  tell_to_return(worker);
  wait_until_ended(worker);
  tell_to_insert(third, Term{1, "job"});
  tell_to_throw(third);
  expect_a_new_worker_gets_the_table();
  EXPECT_EQ(node.open_table("jobs"_atom).size(), 1U);
}

TEST_F(TableManagers, MakeATableAnewThatItsUserDeleted) {
  start_manager();
  const Pid worker = start_worker();
  wait_for_worker();
  tell_to_insert(worker, Term{1, "job"});
  tell_to_drop(worker);
  tell_to_return(worker);
  wait_until_ended(worker);
  expect_a_new_worker_gets_the_table();
  EXPECT_EQ(node.open_table("jobs"_atom).size(), 0U);
}

TEST_F(TableManagers, ObeyTheirSupervisor) {
  Supervisor supervisor(node, {}, {TableManager::child_spec({.table_id = "jobs"_atom, .find_me = find_worker})});
  const Pid first = *supervisor.which_children()[0].second;
  const Pid worker = start_worker();
  wait_for_worker();
  exit(first, "kill"_atom);
  wait_until_ended(first);
  tell_to_throw(worker);
  wait_until_ended(worker);
  expect_a_new_worker_gets_the_table();
  supervisor.stop();
}

}  // namespace
}  // namespace heirloom
