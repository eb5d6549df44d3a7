// SPDX-License-Identifier: Apache-2.0
#include "heirloom/table_manager.hpp"

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "node/runtime.hpp"
#include "node/table_manager_process.hpp"
#include "process/start_process.hpp"

namespace heirloom {

namespace {

// The node in which a process acts.
Node node_of(process::Host& host) {
  const auto runtime = host.with_uplink(
      [](process::Uplink& uplink) { return dynamic_cast<node::Runtime&>(uplink).weak_from_this().lock(); });
  if (!runtime || *runtime == nullptr)
    throw Error(ErrorCode::no_manager, "start a table manager", "the node was closed");
  return Node(*runtime);
}

}  // namespace

namespace {

void check(const std::vector<TableManager::Options>& tables) {
  constexpr std::uint32_t kDeathsMax = 30;  // of each the lineage has two owners: the user and the table manager
  static_assert(2 * kDeathsMax < kLineageMax);
  std::set<Atom> ids;
  for (const TableManager::Options& options : tables) {
    const auto refuse = [&](const std::string& why) {
      throw Error(ErrorCode::badarg, "manage the table \"" + std::string(options.table_id.text()) + '"', why);
    };
    if (!options.find_me) refuse("it needs a find_me: who shall have the table?");
    if (!ids.insert(options.table_id).second) refuse("it is declared twice");
    if (options.crashes.deaths > kDeathsMax) {
      refuse("no more than " + std::to_string(kDeathsMax) + " deaths are counted, not " +
             std::to_string(options.crashes.deaths));
    }
  }
}

}  // namespace

Pid TableManager::start(Atom id, std::vector<Options> tables, bool linked) {
  check(tables);
  const process::Acting parent = process::acting();
  return process::start_process(parent, linked, [id, tables = std::move(tables)] {
    const auto manager = std::make_shared<node::TableManagerProcess>(id, tables, node_of(*process::acting().host));
    manager->start();
    return [manager] { manager->run(); };
  });
}

Pid TableManager::start(const Options& options, bool linked) { return start(options.table_id, {options}, linked); }

ChildSpec TableManager::child_spec(Atom id, std::vector<Options> tables) {
  return {.id = id, .start = [id, tables = std::move(tables)] { return start(id, tables, true); }};
}

ChildSpec TableManager::child_spec(const Options& options) { return child_spec(options.table_id, {options}); }

}  // namespace heirloom
