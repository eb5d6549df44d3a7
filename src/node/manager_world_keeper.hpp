// SPDX-License-Identifier: Apache-2.0
//
// SimKeeper: the process of a table manager in a World. It runs the real ManagedTable; its messages wait in a mailbox, its
// find_me answers late and may lie, its clock is the World's.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "node/ledger.hpp"
#include "node/managed_table.hpp"
#include "wire/messages.hpp"

namespace heirloom::node {

class World;

class SimKeeper final : private ManagedTableEffects {
 public:
  SimKeeper(World& world, Pid self, const TableManager::Options& options, std::vector<std::string> candidates);

  static std::string place_of(const std::string& table) { return "table_manager:" + table; }

  // False when it has ended: another one has its place, or the start failed.
  bool start();
  // -- to its mailbox --
  void transferred(const wire::Transfer& transfer) { mailbox_.emplace_back(transfer); }
  void died(Pid pid) { mailbox_.emplace_back(pid); }
  void names_changed() { mailbox_.emplace_back(Names()); }
  // Its program has a connection again: what the program itself knows of its own processes.
  void look_after_own_processes();

  // One message, one answer of find_me, or one timer that is due. Nothing: there is none of them. False: it has ended of it.
  std::optional<bool> step();
  // From now on find_me tells the truth at once.
  void be_honest() { honest_ = true; }
  void be_a_liar_again() { honest_ = false; }
  [[nodiscard]] const process::Deadline& next_try() const noexcept { return table_.next_try(); }

  void check_at_rest() const;

 private:
  struct Names {};
  using Event = std::variant<wire::Transfer, Pid, Names>;

  // -- ManagedTableEffects --
  [[nodiscard]] Pid self() const override { return self_; }
  Found open_or_create() override;
  void set_heir(const std::string& id) override;
  std::optional<Atom> heir_name(const std::string& id) override;
  void give_away(const std::string& id, Pid user) override;
  void quarantine(const std::string& id, const std::string& cause, bool keep_name) override;
  std::vector<Tenure> lineage(const std::string& id) override;
  std::optional<Pid> whereis(Atom name) override;
  void ask_finder() override;
  [[nodiscard]] bool finder_is_asked() const override { return asked_; }
  void follow(Pid owner) override;
  void leave(Pid owner) override { followed_.erase(owner); }
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override;
  [[nodiscard]] Tenure::Time calendar_now() const override;
  void say(const std::string& /*what*/) override {}

  // Its answer; Error for a refusal, and no_manager when the manager dies of it.
  template <typename Message>
  wire::Answer call(Message message);
  void require_connection() const;
  [[nodiscard]] wire::HeirSpec heir() const;
  [[nodiscard]] std::optional<Pid> candidate(std::optional<Pid> except) const;
  [[nodiscard]] TableFinder::Answer what_find_me_says();
  bool handle(const Event& event);
  void check_heir(const Ledger::Table& table) const;

  World& world_;
  const Pid self_;
  const TableManager::Options options_;
  const std::vector<std::string> candidates_;
  ManagedTable table_;
  std::deque<Event> mailbox_;
  std::set<Pid> followed_;
  bool asked_ = false;
  std::optional<Pid> at_asking_;  // who would have been found
  bool honest_ = false;
};

}  // namespace heirloom::node
