// SPDX-License-Identifier: Apache-2.0
//
// TableManagerProcess: what the process of a table manager does. It is in one of two states:
//
//   holds the table --- give_away() to whom find_me found ---> somebody else has it --.
//                   <-- 'ETS-TRANSFER': that process ended ---                    ^----' ended, and a successor waited
//
// Its place in the node is a name, `table_manager:TABLE`, and that name is the table's heir: so the table comes back to the
// manager that lives when its owner dies, also when the manager was replaced meanwhile; and a second manager of the table is
// refused, because the name is taken. The table itself is a node table: while no manager lives, the node holds it.
//
// Where find_me is names, the node's manager knows them as the heir's successors: at a death it hands the table to one who waits
// without asking here. This process hears of the death ('DOWN', which comes after the transfer), and looks who has the table.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "heirloom/node.hpp"
#include "heirloom/table_manager.hpp"

#include "node/back_off.hpp"
#include "node/table_manager_finder.hpp"
#include "process/mailbox.hpp"

namespace heirloom::node {

class TableManagerProcess {
 public:
  // Keeps the node open, as every process that has a table does.
  TableManagerProcess(TableManager::Options options, Node node);

  // Takes the name, then the table if nobody alive owns it. Errors: already_exists (another manager has the table), and those
  // of Node::open_or_create().
  void start();
  // Until an exit signal ends it.
  [[noreturn]] void run();

 private:
  void take_name();
  [[nodiscard]] Table open_or_create();
  void set_heir(const Table& table);
  void handle(const EtsTransfer& transfer);
  void handle(const Term& message);
  void timer_expired();

  // Makes or claims the table, or watches who owns it.
  void claim();
  void try_claim();
  void hold(Table table);
  void follow(Pid owner);
  void look_for_user();
  void look_for_names();
  void found(const TableFinder::Answer& answer);
  enum class Outcome {
    given,    // or gone otherwise: the table is not held any more
    nobody,   // the user has ended
    not_now,  // worth another try
  };
  Outcome hand_over(Pid user);

  void retry_later();
  void complain(const std::string& what);
  [[nodiscard]] Heir heir() const;

  const TableManager::Options options_;
  const Atom name_;
  Node node_;
  TableFinder finder_;

  std::optional<Table> table_;  // while it holds the table
  std::optional<Pid> owner_;    // while somebody else has it, as far as known
  Term monitor_;                // of owner_
  bool names_changed_ = false;  // since find_me was last called
  bool introduced_ = false;     // its heir and successors are those of the table
  process::Deadline next_try_;
  BackOff back_off_;
  std::string last_complaint_;  // so that what repeats is said once
};

}  // namespace heirloom::node
