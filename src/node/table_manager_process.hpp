// SPDX-License-Identifier: Apache-2.0
//
// TableManagerProcess: the process of a table manager: it takes its name, which a second manager is refused then, and tells each of
// its tables what happens to it.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "heirloom/node.hpp"
#include "heirloom/table_manager.hpp"

#include "node/managed_table_in_node.hpp"
#include "node/table_users.hpp"
#include "process/mailbox.hpp"

namespace heirloom::node {

class TableManagerProcess {
 public:
  // Keeps the node open, as every process that has a table does.
  TableManagerProcess(Atom id, const std::vector<TableManager::Options>& tables, const Node& node);

  // Takes the name, then each table that nobody alive owns. Errors: already_exists (another manager has a table), and those of
  // Node::open_or_create().
  void start();
  // Until an exit signal ends it.
  [[noreturn]] void run();

 private:
  void take_name();
  void handle(const EtsTransfer& transfer);
  void handle(const Term& message);
  void expire_timers();
  [[nodiscard]] process::Deadline next_try() const;
  template <typename Function>
  void for_each_table(const Function& function) {
    for (const auto& [name, table] : tables_) function(*table->operator->());
  }

  const Atom name_;
  TableUsers users_;
  std::map<Atom, std::unique_ptr<ManagedTableInNode>> tables_;
};

}  // namespace heirloom::node
