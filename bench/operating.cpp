// SPDX-License-Identifier: Apache-2.0
//
// The figures of docs/operating.md: how long users wait when an owner or the manager dies, with many tables too, what a hand-over costs,
// and what an idle manager does. See README.md for what the numbers mean.
//
//   heirloom_operating [KILLS] [TABLES]
#include <sys/prctl.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "heirloom/heirloom.hpp"

#include "directory.hpp"
#include "roles.hpp"

namespace heirloom::bench {
namespace {

using namespace literals;

constexpr const char* kNames[] = {"worker_1", "worker_2"};

std::string table_name(int number) { return "table_" + std::to_string(number); }

std::vector<TableManager::Options> declare(int tables) {
  std::vector<TableManager::Options> options;
  for (int number = 0; number < tables; ++number) {
    options.push_back({.table_id = Atom(table_name(number)),
                       .find_me = {Atom(kNames[0]), Atom(kNames[1])},
                       .crashes = {.deaths = 0}});
  }
  return options;
}

// -- the other roles --

int be_manager(const std::string& directory) {
  serve(directory, {.ready = [] { say("ready"); }});
  return 0;
}

// Waits for so many tables, and writes to the last until it is killed.
int be_worker(const std::string& directory, const std::string& name, int tables) {
  const Node node = Node::open(directory, {.role = NodeRole::client});
  register_name(Atom(name));
  say("waiting");
  std::optional<Table> table = receive_transfer().table;
  say("first", nanoseconds_now());
  for (int more = 1; more < tables; ++more) table = receive_transfer().table;
  say("holding", nanoseconds_now());
  for (;;) table->update_counter("count"_atom, {.position = 2, .increment = 1}, Term{"count"_atom, 0});
}

// Next in line: becomes the manager when there is none. Says when it is.
int be_next(const std::string& directory) {
  const Node node = Node::open(directory);
  say("waiting");
  while (!node.is_manager()) std::this_thread::sleep_for(std::chrono::microseconds(50));
  say("manager", nanoseconds_now());
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// Gives the table back as often as it gets it.
int be_partner(const std::string& directory) {
  const Node node = Node::open(directory, {.role = NodeRole::client});
  register_name("partner"_atom);
  say("waiting");
  for (;;) {
    EtsTransfer transfer = receive_transfer();
    transfer.table.give_away(transfer.from, 0);
  }
}

// -- the director --

struct Waits {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> all;
};

// From SIGKILL of the owner of all tables. A successor that waits was there before; another one is started when the owner is dead.
Waits owner_killed(const std::string& directory, int kills, int tables, bool waits) {
  const auto start = [&](int number) {
    return Child({"worker", directory, kNames[number % 2], std::to_string(tables)});
  };
  Waits waits_seen;
  Child owner = start(0);
  owner.hear("waiting");
  owner.hear("first");
  owner.hear("holding");
  for (int kill = 1; kill <= kills; ++kill) {
    std::optional<Child> successor;
    if (waits) {
      successor.emplace(start(kill));
      successor->hear("waiting");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const std::int64_t killed_at = nanoseconds_now();
    owner.signal(SIGKILL);
    if (!waits) {
      successor.emplace(start(kill));
      successor->hear("waiting");
    }
    waits_seen.first.push_back(successor->hear("first") - killed_at);
    waits_seen.all.push_back(successor->hear("holding") - killed_at);
    owner.kill();
    owner = *std::move(successor);
  }
  return waits_seen;
}

void owner_rows(int kills, int tables) {
  const Directory directory;
  Child manager({"manager", directory});
  manager.hear("ready");
  const Node node = Node::open(std::string(directory), {.role = NodeRole::client});
  const Supervisor supervisor(node, {}, {TableManager::child_spec("tables"_atom, declare(tables))});
  const std::string size = std::to_string(tables) + (tables == 1 ? " table, " : " tables, ");
  for (const bool waits : {true, false}) {
    const Waits seen = owner_killed(directory, kills, tables, waits);
    const std::string who = waits ? "a successor that waits" : "one that is started";
    if (tables > 1) report((size + who + ": the first table").c_str(), seen.first);
    report((size + who + (tables > 1 ? ": all" : "")).c_str(), seen.all);
  }
}

// From SIGKILL of a manager of so many tables until the next one has adopted them, and until a call is answered that was made just
// after the death.
void manager_rows(int kills, int tables) {
  std::vector<std::int64_t> adopted;
  std::vector<std::int64_t> answered;
  const Directory directory;
  std::optional<Child> manager(Child({"next", directory}));
  manager->hear("waiting");
  manager->hear("manager");
  Node node = Node::open(std::string(directory), {.role = NodeRole::client});
  std::vector<Table> kept;
  for (int number = 0; number < tables; ++number) kept.push_back(node.open_or_create(Atom(table_name(number))));
  for (int kill = 0; kill < kills; ++kill) {
    Child next({"next", directory});
    next.hear("waiting");
    const std::int64_t killed_at = nanoseconds_now();
    manager->kill();
    (void)whereis("nobody"_atom);
    answered.push_back(nanoseconds_now() - killed_at);
    adopted.push_back(next.hear("manager") - killed_at);
    manager.emplace(std::move(next));
  }
  const std::string size = std::to_string(tables) + (tables == 1 ? " table" : " tables");
  report(("the manager is killed: the next has " + size).c_str(), adopted);
  report("  a call is answered again", answered);
}

void give_away_row(int times) {
  const Directory directory;
  Child manager({"manager", directory});
  manager.hear("ready");
  Node node = Node::open(std::string(directory), {.role = NodeRole::client});
  Child partner({"partner", directory});
  partner.hear("waiting");
  Table table = node.create("ball"_atom);
  const std::int64_t begun = nanoseconds_now();
  for (int time = 0; time < times; ++time) {
    table.give_away("partner"_atom, 0);
    receive_transfer();
  }
  const double seconds = static_cast<double>(nanoseconds_now() - begun) / 1e9;
  std::printf("hand-overs between two programs, one after the other: %.0f a second\n", 2 * times / seconds);
}

std::uint64_t wake_ups(pid_t process) {
  std::uint64_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::ifstream status(task.path() / "status");
    for (std::string word; status >> word;) {
      std::uint64_t number = 0;
      if (word == "voluntary_ctxt_switches:" && status >> number) count += number;
    }
  }
  return count;
}

void idle_row(int tables) {
  const Directory directory;
  Child manager({"manager", directory});
  manager.hear("ready");
  Node node = Node::open(std::string(directory), {.role = NodeRole::client});
  std::vector<Table> kept;
  for (int number = 0; number < tables; ++number) kept.push_back(node.open_or_create(Atom(table_name(number))));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::uint64_t before = wake_ups(manager.pid());
  std::this_thread::sleep_for(std::chrono::seconds(10));
  std::printf("wake-ups of an idle manager of %d tables in 10 s: %llu\n", tables,
              static_cast<unsigned long long>(wake_ups(manager.pid()) - before));
}

int play(const std::vector<std::string>& arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string& directory = arguments.at(1);
  if (arguments[0] == "manager") return be_manager(directory);
  if (arguments[0] == "next") return be_next(directory);
  if (arguments[0] == "partner") return be_partner(directory);
  return be_worker(directory, arguments.at(2), std::stoi(arguments.at(3)));
}

}  // namespace
}  // namespace heirloom::bench

int main(int argc, char** argv) {
  using namespace heirloom::bench;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (!arguments.empty() && std::isalpha(static_cast<unsigned char>(arguments[0][0]))) return play(arguments);
    const int kills = arguments.empty() ? 100 : std::max(std::stoi(arguments[0]), 1);
    const int tables = arguments.size() < 2 ? 1000 : std::max(std::stoi(arguments[1]), 2);
    std::printf("what a death costs, microseconds\n");
    std::printf("%-54s %9s %9s %9s %7s\n", "", "p50", "p99", "max", "kills");
    owner_rows(kills, 1);
    owner_rows(std::max(kills / 10, 1), tables);
    manager_rows(kills, 1);
    manager_rows(std::max(kills / 10, 1), tables);
    give_away_row(2000);
    idle_row(100);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heirloom_operating: %s\n", error.what());
    return 1;
  }
}
