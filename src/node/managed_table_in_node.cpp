// SPDX-License-Identifier: Apache-2.0
#include "node/managed_table_in_node.hpp"

#include <chrono>
#include <sstream>
#include <utility>

#include "heirloom/process.hpp"

#include "process/log.hpp"

namespace heirloom::node {

ManagedTableInNode::ManagedTableInNode(const TableManager::Options& options, Atom manager, Node node, TableUsers& users)
    : options_(options),
      manager_(manager),
      node_(std::move(node)),
      users_(users),
      finder_(options.find_me.function()),
      table_(options, manager, *this) {}

bool ManagedTableInNode::answered(const Term& message) {
  const auto answer = finder_.answer(message);
  if (answer) table_.found(*answer);
  return answer.has_value();
}

Pid ManagedTableInNode::self() const { return heirloom::self(); }

ManagedTableEffects::Found ManagedTableInNode::open_or_create() {
  TableOptions table_options = options_.table_options;
  table_options.heir = heir();
  auto handle =
      node_.runtime()->make_table(options_.table_id, table_options, true, Runtime::IfThere::open, succession());
  if (!handle)
    std::move(handle).failure().within("open or create table " + std::string(options_.table_id.text())).raise();
  const Table table(*std::move(handle));
  return {std::string(table.id()), table.owner()};
}

void ManagedTableInNode::set_heir(const std::string& id) {
  node_.runtime()->set_heir(id, self(), heir(), succession()).value_or_raise();
}

std::optional<Atom> ManagedTableInNode::heir_name(const std::string& id) {
  const auto facts = node_.runtime()->facts(id).value_or_raise();
  if (!facts || !facts->heir) return std::nullopt;
  const auto* name = std::get_if<std::string>(&facts->heir->process);
  return name == nullptr ? std::nullopt : std::optional(Atom(*name));
}

void ManagedTableInNode::give_away(const std::string& id, Pid user) {
  const auto gift = options_.quiet ? std::nullopt : std::optional(options_.gift_data);
  node_.runtime()->give_away(id, self(), user, gift).value_or_raise();
}

void ManagedTableInNode::quarantine(const std::string& id, const std::string& cause, bool keep_name) {
  node_.runtime()->quarantine(id, cause, keep_name).value_or_raise();
}

std::vector<Tenure> ManagedTableInNode::lineage(const std::string& id) {
  return node_.runtime()->lineage(id).value_or_raise();
}

void ManagedTableInNode::say(const std::string& what) {
  std::ostringstream line;
  line << "table manager of " << options_.table_id << ": " << what;
  process::log_line(line.str());
}

Succession ManagedTableInNode::succession() const {
  Succession succession{.names = options_.find_me.names(), .quiet = options_.quiet};
  if (options_.crashes.deaths != 0) {
    succession.crash_limit =
        wire::CrashLimit{options_.crashes.deaths, std::chrono::nanoseconds(options_.crashes.within).count()};
  }
  return succession;
}

}  // namespace heirloom::node
