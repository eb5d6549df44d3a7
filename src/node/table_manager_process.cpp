// SPDX-License-Identifier: Apache-2.0
#include "node/table_manager_process.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "heirloom/process.hpp"

#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/log.hpp"
#include "process/receiving.hpp"

namespace heirloom::node {

TableManagerProcess::TableManagerProcess(Atom id, const std::vector<TableManager::Options>& tables, const Node& node)
    : name_("table_manager:" + std::string(id.text())) {
  for (const TableManager::Options& options : tables) {
    tables_.emplace(options.table_id, std::make_unique<ManagedTableInNode>(options, name_, node, users_));
  }
}

void TableManagerProcess::start() {
  trap_exit(true);
  take_name();
  subscribe_names();
  for_each_table([](ManagedTable& table) { table.claim(); });
}

void TableManagerProcess::take_name() {
  try {
    register_name(name_);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::already_exists) throw;
    const bool one =
        tables_.size() == 1 && "table_manager:" + std::string(tables_.begin()->first.text()) == name_.text();
    throw Error(ErrorCode::already_exists,
                one ? "manage the table \"" + std::string(tables_.begin()->first.text()) + '"'
                    : "manage the tables of " + std::string(name_.text()),
                "another table manager does: " + error.detail());
  }
}

void TableManagerProcess::run() {
  const auto anything = [](const process::Message&) { return true; };
  const auto me = process::acting().process;
  for (;;) {
    const auto message = process::take(*me, anything, next_try());
    users_.begin_round();
    if (!message) {
      expire_timers();
    } else if (const auto* transfer = std::get_if<EtsTransfer>(&*message)) {
      handle(*transfer);
    } else {
      handle(std::get<Term>(*message));
    }
  }
}

process::Deadline TableManagerProcess::next_try() const {
  process::Deadline earliest;
  for (const auto& [name, table] : tables_) {
    const process::Deadline& next = (*table)->next_try();
    if (next && (!earliest || *next < *earliest)) earliest = next;
  }
  return earliest;
}

void TableManagerProcess::expire_timers() {
  const auto now = std::chrono::steady_clock::now();
  for_each_table([now](ManagedTable& table) {
    if (table.next_try() && *table.next_try() <= now) table.timer_expired();
  });
}

void TableManagerProcess::handle(const EtsTransfer& transfer) {
  const auto table = tables_.find(transfer.table.name());
  if (table != tables_.end()) {
    // A claim in between may have found the table before the message, and handed it on.
    if (transfer.table.owner() != self()) return;
    return (*table->second)->transferred(std::string(transfer.table.id()), transfer.from, transfer.cause);
  }
  process::log_line(std::string(name_.text()) + ": got the table \"" + std::string(transfer.table.name().text()) +
                    "\", which it does not manage");
}

void TableManagerProcess::handle(const Term& message) {
  for (const auto& [name, table] : tables_) {
    if (table->answered(message)) return;
  }
  if (process::is_exit(message)) {
    exit(Term(message.element(3)));
  } else if (message == Term(process::atoms().names_changed)) {
    for_each_table([](ManagedTable& table) { table.names_changed(); });
  } else if (const auto request = as_table_request(message)) {
    const auto table = tables_.find(request->table);
    if (table != tables_.end()) (*table->second)->requested(request->from);
  } else if (const auto followers = users_.died(message)) {
    for (const Atom table : *followers) (*tables_.at(table))->owner_died();
  }
}

}  // namespace heirloom::node
