// SPDX-License-Identifier: Apache-2.0
#include "storm/roles.hpp"

#include <unistd.h>

#include <thread>

#include "storm/reader.hpp"
#include "storm/verify.hpp"
#include "storm/writer.hpp"

namespace heirloom::stress::storm {

namespace {

using namespace literals;

const char* const kTable = "storm";
const char* const kWorkers[] = {"storm_worker_1", "storm_worker_2"};

Node open_node(const Scene& scene) {
  if (scene.options.sabotage == Sabotage::no_repair) ::setenv("HEIRLOOM_SABOTAGE", "no-repair", 1);
  if (scene.options.sabotage == Sabotage::growth) let_objects_grow();
  return Node::open(scene.directory, {.role = NodeRole::client, .create = false, .timeout = scene.options.patience});
}

TableOptions table_options(const Kind& kind) {
  return {.type = kind.type, .protection = kind.protection, .compressed = kind.compressed};
}

[[noreturn]] void write_for_ever(const Scene& scene, const Table& table, std::uint32_t player, std::uint32_t number,
                                 std::uint64_t seed) {
  verify_and_settle(table, scene.kind, number, scene.arena);
  Writer writer(table, scene.kind, scene.options, scene.arena, number, seed);
  for (;;) {
    writer.step();
    scene.arena.players[player].done.fetch_add(1);
  }
}

// The manager frees the name of the dead once it has noticed the death.
void register_when_free(const char* name, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    try {
      return register_name(Atom(name));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::already_exists || std::chrono::steady_clock::now() > deadline) throw;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
}

}  // namespace

void serve_node(const Scene& scene) {
  serve(scene.directory, {.ready = [&scene] { scene.arena.manager_serves.store(true); }});
}

void found_table(const Scene& scene) {
  Node node = open_node(scene);
  Table table = node.create_node_table(Atom(kTable), table_options(scene.kind));
  for (std::uint32_t token = 0; token < kTokens; ++token) {
    table.insert(object(key_of(Family::token, 0, token), 0, 1));
  }
  scene.arena.table_is_there.store(true);
}

void keep_table(const Scene& scene) {
  const Node node = open_node(scene);
  TableManager::Options options{.table_id = Atom(kTable), .table_options = table_options(scene.kind)};
  options.find_me = {Atom(kWorkers[0]), Atom(kWorkers[1])};
  options.crashes.deaths = 0;  // they are killed, and nobody needs to wonder why
  const Supervisor supervisor(node, {}, {TableManager::child_spec(options)});
  scene.arena.table_is_there.store(true);
  for (;;) ::pause();
}

void write_on(const Scene& scene, std::uint32_t player, std::uint64_t seed) {
  const Node node = open_node(scene);
  write_for_ever(scene, node.open_table(Atom(kTable)), player, player, seed);
}

void stand_by_and_write_on(const Scene& scene, std::uint32_t player, std::uint64_t seed) {
  const Node node = open_node(scene);
  Arena& arena = scene.arena;
  register_when_free(kWorkers[player], scene.options.patience);
  const std::int64_t since = nanoseconds_now();
  arena.players[player].stands_by_since.store(since);
  const EtsTransfer transfer = receive_transfer();
  const std::int64_t now = nanoseconds_now();
  const std::int64_t killed = arena.owner_killed_at_ns.load();
  if (killed != 0) arena.books[0].hand_overs.add(now - std::max(killed, since));
  arena.owner.store(player + 1);
  write_for_ever(scene, transfer.table, player, 0, seed);
}

void read_on(const Scene& scene, std::uint32_t player, std::uint64_t seed) {
  const Node node = open_node(scene);
  Reader reader(node.open_table(Atom(kTable)), scene.kind, seed);
  Player& me = scene.arena.players[player];
  for (;;) {
    me.reads_now.store(true);
    reader.step();
    me.reads_now.store(false);
    me.done.fetch_add(1);
  }
}

void audit_once(const Scene& scene) {
  // Never closed: this process ends like one that was killed, so that the manager looks for the files of those, too, who were killed
  // before it had heard of them.
  const Node& node = *new Node(open_node(scene));
  Table table = node.open_table(Atom(kTable));
  const auto deadline = std::chrono::steady_clock::now() + scene.options.patience;
  // Those of killed readers end when their deaths are noticed.
  while (table.info().fixations) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw BreachFound(Breach::memory, "the table is still fixed by readers that were killed");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  audit(table, scene.kind, scene.arena);
}

}  // namespace heirloom::stress::storm
