// SPDX-License-Identifier: Apache-2.0
//
// ManagedTable: what a table manager does with one of its tables. It is in one of these states:
//
//   held --- give_away() to whom find_me found ---> followed --.
//        <-- 'ETS-TRANSFER': that process ended ---           ^----' ended, and a successor waited
//
//   set aside: it killed its users, and nobody gets it until an operator releases it; then it comes as 'ETS-TRANSFER'
//
// The manager's place in the node is a name, and that name is the table's heir: so the table comes back to the manager that lives
// when its owner dies, also when the manager was replaced meanwhile. The table itself is a node table: while no manager lives,
// the node holds it.
//
// Where find_me is names, the node's manager knows them as the heir's successors: at a death it hands the table to one who waits
// without asking here. This process hears of the death ('DOWN', which comes after the transfer), and looks who has the table.
// When its users crash in a loop the table comes here all the same, and is judged.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "heirloom/node.hpp"
#include "heirloom/table_manager.hpp"

#include "node/back_off.hpp"
#include "node/runtime.hpp"
#include "node/table_manager_finder.hpp"
#include "node/table_users.hpp"
#include "process/mailbox.hpp"

namespace heirloom::node {

class ManagedTable {
 public:
  // `manager`: the name under which its process is the heir.
  ManagedTable(TableManager::Options options, Atom manager, Node node, TableUsers& users);
  ManagedTable(const ManagedTable&) = delete;
  ManagedTable& operator=(const ManagedTable&) = delete;

  [[nodiscard]] Atom name() const noexcept { return options_.table_id; }
  // When to call timer_expired().
  [[nodiscard]] const process::Deadline& next_try() const noexcept { return next_try_; }

  // Makes or claims the table, or follows who owns it. Errors: already_exists (another manager has it), and those of
  // Node::open_or_create().
  void claim();
  void transferred(const EtsTransfer& transfer);
  void owner_died();
  void names_changed();
  // A process asks for the table.
  void requested(Pid user);
  // Whether the message was its finder's.
  bool answered(const Term& message);
  void timer_expired();

 private:
  [[nodiscard]] Table open_or_create();
  void refuse_second_manager(const Table& table);
  void set_heir(const Table& table);
  void try_claim();
  // The owner by now: looks for a user, unless users crash in a loop and it has to be set aside.
  void hold(Table table, bool after_crash);
  void follow(Pid owner);
  void let_go();

  // -- its user --
  void look_for_user();
  void look_for_names();
  void found(const TableFinder::Answer& answer);
  enum class Outcome {
    given,    // or gone otherwise: the table is not held any more
    nobody,   // the user has ended, or shall not have it
    not_now,  // worth another try
  };
  Outcome hand_over(Pid user);

  // -- users that crash --
  [[nodiscard]] std::uint32_t recent_crashes() const;
  // False when the table was set aside.
  [[nodiscard]] bool judge_crashes();
  void pause(std::uint32_t crashes);
  void set_aside(std::uint32_t crashes);
  [[nodiscard]] bool pausing() const;

  void retry_later();
  void complain(const std::string& what);
  [[nodiscard]] Heir heir() const;
  [[nodiscard]] Succession succession() const;

  const TableManager::Options options_;
  const Atom manager_;
  Node node_;
  TableUsers& users_;
  TableFinder finder_;

  std::optional<Table> table_;  // while it is held
  std::optional<Pid> owner_;    // who is followed
  std::optional<Pid> avoided_;  // who had it and shall not have it again unless it asks
  bool names_changed_ = false;  // since find_me was last called
  bool introduced_ = false;     // its heir and successors are those of the table
  process::Deadline next_try_;
  process::Deadline pause_ends_;
  BackOff back_off_;
  std::string last_complaint_;  // so that what repeats is said once
};

}  // namespace heirloom::node
