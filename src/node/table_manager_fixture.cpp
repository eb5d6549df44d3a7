// SPDX-License-Identifier: Apache-2.0
#include "node/table_manager_fixture.hpp"

#include <stdexcept>

#include <stdlib.h>

#include "node/runtime.hpp"
#include "process/host.hpp"

namespace heirloom {

using namespace literals;

FreshDirectory::FreshDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "heirloom.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

FreshDirectory::~FreshDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {

// One order from the test: {insert, Object}, {give, Pid}, drop, return or throw. False: return.
bool obey(const Term& order, Table& table, Pid test) {
  if (order == Term("return"_atom)) return false;
  if (order == Term("throw"_atom)) throw std::runtime_error("told to throw");
  if (order == Term("drop"_atom)) {
    table.drop();
  } else if (order.element(1) == Term("insert"_atom)) {
    table.insert(Term(order.element(2)));
  } else if (order.element(1) == Term("give"_atom)) {
    table.give_away(order.element(2).as_pid(), "from a worker"_atom);
  }
  send(test, Term{"obeyed"_atom, self()});
  return true;
}

void work(std::optional<Atom> name, Pid test) {
  if (name) register_name(*name);
  EtsTransfer transfer = receive_transfer();
  send(test, Term{"has_table"_atom, self(), transfer.from, transfer.gift_data});
  while (obey(receive(), transfer.table, test)) {
  }
}

Term wait_for(Atom what, std::optional<Pid> from = std::nullopt) {
  return *receive_if(
      [&](const Term& message) {
        return message.is_tuple() && message.element(1) == Term(what) && (!from || message.element(2) == Term(*from));
      },
      std::chrono::milliseconds::max());
}

void order(Pid worker, const Term& what) {
  send(worker, what);
  wait_for("obeyed"_atom, worker);
}

}  // namespace

TableManagerTest::~TableManagerTest() {
  const auto host = node.runtime()->host();
  for (const std::uint32_t index : host->processes()) {
    const Pid pid{host->program(), index};
    exit(pid, "kill"_atom);
    wait_until_ended(pid);
  }
}

Pid TableManagerTest::start_manager(const TableManager::FindMe& find_me) {
  return TableManager::start({.table_id = "jobs"_atom, .find_me = find_me, .gift_data = "gift"_atom});
}

Pid TableManagerTest::start_worker(std::optional<Atom> name) {
  return spawn([name, test = self()] { work(name, test); });
}

Pid TableManagerTest::wait_for_worker() { return wait_for_transfer().to; }

TableManagerTest::EtsTransferSeen TableManagerTest::wait_for_transfer() {
  const Term told = wait_for("has_table"_atom);
  return {told.element(2).as_pid(), told.element(3).as_pid(), Term(told.element(4))};
}

void TableManagerTest::expect_a_new_worker_gets_the_table() {
  const Pid worker = start_worker();
  EXPECT_EQ(wait_for_worker(), worker);
}

void TableManagerTest::tell_to_insert(Pid worker, const Term& object) { order(worker, Term{"insert"_atom, object}); }
void TableManagerTest::tell_to_give(Pid worker, Pid receiver) { order(worker, Term{"give"_atom, receiver}); }
void TableManagerTest::tell_to_drop(Pid worker) { order(worker, "drop"_atom); }
void TableManagerTest::tell_to_return(Pid worker) { send(worker, "return"_atom); }
void TableManagerTest::tell_to_throw(Pid worker) { send(worker, "throw"_atom); }

void TableManagerTest::wait_until_ended(Pid process) {
  const Term reference = monitor(process);
  receive_if(
      [&](const Term& message) { return message.is_tuple() && message.size() == 5 && message.element(2) == reference; },
      kForEver);
}

}  // namespace heirloom
