// SPDX-License-Identifier: Apache-2.0
#include "heirloom/table_manager.hpp"

#include <memory>

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

Pid TableManager::start(const Options& options, bool linked) {
  if (!options.find_me) {
    throw Error(ErrorCode::badarg, "start a table manager", "it needs a find_me: who shall have the table?");
  }
  const process::Acting parent = process::acting();
  return process::start_process(parent, linked, [options] {
    const auto manager = std::make_shared<node::TableManagerProcess>(options, node_of(*process::acting().host));
    manager->start();
    return [manager] { manager->run(); };
  });
}

ChildSpec TableManager::child_spec(const Options& options) {
  const Atom id = options.table_id;
  return {.id = id, .start = [options] { return start(options, true); }};
}

}  // namespace heirloom
