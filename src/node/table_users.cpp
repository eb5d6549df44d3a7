// SPDX-License-Identifier: Apache-2.0
#include "node/table_users.hpp"

#include "heirloom/process.hpp"

#include "process/receiving.hpp"

namespace heirloom::node {

std::optional<Pid> TableUsers::find(Atom name) {
  if (const auto known = found_.find(name); known != found_.end()) return known->second;
  return found_[name] = whereis(name);
}

void TableUsers::follow(Pid owner, Atom table) {
  const auto [followed, is_new] = followed_.try_emplace(owner);
  if (is_new) followed->second.monitor = monitor(owner);
  followed->second.tables.insert(table);
}

void TableUsers::leave(Pid owner, Atom table) {
  const auto followed = followed_.find(owner);
  if (followed == followed_.end()) return;
  followed->second.tables.erase(table);
  if (!followed->second.tables.empty()) return;
  demonitor(followed->second.monitor);
  followed_.erase(followed);
}

std::optional<std::set<Atom>> TableUsers::died(const Term& message) {
  if (!message.is_tuple() || message.size() != 5 || !message.element(4).is_pid()) return std::nullopt;
  const auto followed = followed_.find(message.element(4).as_pid());
  if (followed == followed_.end() || !process::is_down(message, followed->second.monitor)) return std::nullopt;
  std::set<Atom> tables = std::move(followed->second.tables);
  followed_.erase(followed);
  return tables;
}

}  // namespace heirloom::node
