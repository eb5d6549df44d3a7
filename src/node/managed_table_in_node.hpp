// SPDX-License-Identifier: Apache-2.0
//
// ManagedTableInNode: a managed table, and what it wants done in a real node by the process of its table manager.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heirloom/node.hpp"
#include "heirloom/table_manager.hpp"

#include "node/managed_table.hpp"
#include "node/runtime.hpp"
#include "node/table_manager_finder.hpp"
#include "node/table_users.hpp"

namespace heirloom::node {

class ManagedTableInNode final : private ManagedTableEffects {
 public:
  // As ManagedTable's; `users` are those of all tables of the table manager.
  ManagedTableInNode(const TableManager::Options& options, Atom manager, Node node, TableUsers& users);

  ManagedTable* operator->() noexcept { return &table_; }
  const ManagedTable* operator->() const noexcept { return &table_; }
  // Whether the message was its finder's.
  bool answered(const Term& message);

 private:
  [[nodiscard]] Pid self() const override;
  Found open_or_create() override;
  void set_heir(const std::string& id) override;
  std::optional<Atom> heir_name(const std::string& id) override;
  void give_away(const std::string& id, Pid user) override;
  void quarantine(const std::string& id, const std::string& cause, bool keep_name) override;
  std::vector<Tenure> lineage(const std::string& id) override;
  std::optional<Pid> whereis(Atom name) override { return users_.find(name); }
  void ask_finder() override { finder_.ask(); }
  [[nodiscard]] bool finder_is_asked() const override { return finder_.is_asked(); }
  void follow(Pid owner) override { users_.follow(owner, options_.table_id); }
  void leave(Pid owner) override { users_.leave(owner, options_.table_id); }
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] Tenure::Time calendar_now() const override { return Tenure::Time::clock::now(); }
  void say(const std::string& what) override;

  [[nodiscard]] Heir heir() const { return {manager_, options_.gift_data}; }
  [[nodiscard]] Succession succession() const;

  const TableManager::Options options_;
  const Atom manager_;
  Node node_;
  TableUsers& users_;
  TableFinder finder_;
  ManagedTable table_;
};

}  // namespace heirloom::node
