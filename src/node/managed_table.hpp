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
//
// It is a state machine, as ManagerState is: what happens comes in as calls, what it wants done goes out through
// ManagedTableEffects. managed_table_in_node.hpp has those of a real node; the simulation has its own.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "heirloom/lineage.hpp"
#include "heirloom/table_manager.hpp"

#include "node/back_off.hpp"
#include "node/table_manager_finder.hpp"
#include "process/mailbox.hpp"

namespace heirloom::node {

// What a managed table asks of its node, and of the process that it is in. Calls throw Error.
class ManagedTableEffects {
 public:
  struct Found {
    std::string id;
    std::optional<Pid> owner;
  };
  virtual ~ManagedTableEffects() = default;
  [[nodiscard]] virtual Pid self() const = 0;
  // Makes it, with this manager as its heir, or opens it; claims it if nobody owns it. Errors: those of Node::open_or_create().
  virtual Found open_or_create() = 0;
  // Makes this manager the heir. Errors: not_owner, as the table has another heir by now; those of Table::set_heir().
  virtual void set_heir(const std::string& id) = 0;
  // The name under which its heir inherits, if it is one.
  virtual std::optional<Atom> heir_name(const std::string& id) = 0;
  // Errors: those of Table::give_away().
  virtual void give_away(const std::string& id, Pid user) = 0;
  virtual void quarantine(const std::string& id, const std::string& cause, bool keep_name) = 0;
  virtual std::vector<Tenure> lineage(const std::string& id) = 0;
  virtual std::optional<Pid> whereis(Atom name) = 0;
  // The answer comes to ManagedTable::found().
  virtual void ask_finder() = 0;
  [[nodiscard]] virtual bool finder_is_asked() const = 0;
  // The end of this process comes to ManagedTable::owner_died(), until it is left.
  virtual void follow(Pid owner) = 0;
  virtual void leave(Pid owner) = 0;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point now() const = 0;
  [[nodiscard]] virtual Tenure::Time calendar_now() const = 0;
  // One line for people.
  virtual void say(const std::string& what) = 0;
};

class ManagedTable {
 public:
  // `manager`: the name under which its process is the heir.
  ManagedTable(TableManager::Options options, Atom manager, ManagedTableEffects& effects);
  ManagedTable(const ManagedTable&) = delete;
  ManagedTable& operator=(const ManagedTable&) = delete;

  // When to call timer_expired().
  [[nodiscard]] const process::Deadline& next_try() const noexcept { return next_try_; }
  [[nodiscard]] bool is_held() const noexcept { return table_.has_value(); }
  [[nodiscard]] std::optional<Pid> followed() const noexcept { return owner_; }
  // Who gets the table only if it asks.
  [[nodiscard]] std::optional<Pid> avoided() const noexcept { return avoided_; }

  // Makes or claims the table, or follows who owns it. Errors: already_exists (another manager has it), and those of
  // Node::open_or_create().
  void claim();
  // The table is this process' own: `from` has given it, or inheriting it ended with `cause`.
  void transferred(const std::string& id, Pid from, TenureEnd cause);
  void owner_died();
  void names_changed();
  // A process asks for the table.
  void requested(Pid user);
  void found(const TableFinder::Answer& answer);
  void timer_expired();

 private:
  void refuse_second_manager(const std::string& id);
  // Whether the heir is this manager now, as far as it may decide that.
  [[nodiscard]] bool set_heir(const std::string& id);
  void try_claim();
  // The owner by now: looks for a user, unless users crash in a loop and it has to be set aside.
  void hold(const std::string& id, bool after_crash);
  void follow(Pid owner);
  void let_go();

  // -- its user --
  void look_for_user();
  void look_for_names();
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

  void retry_in(std::chrono::milliseconds pause) { next_try_ = effects_.now() + pause; }
  void retry_later() { retry_in(back_off_.next()); }
  void complain(const std::string& what);

  const TableManager::Options options_;
  const Atom manager_;
  ManagedTableEffects& effects_;

  std::optional<std::string> table_;  // its id, while it is held
  std::optional<Pid> owner_;          // who is followed
  std::optional<Pid> avoided_;        // who had it and shall not have it again unless it asks
  bool names_changed_ = false;        // since find_me was last called
  bool introduced_ = false;           // its heir and successors are those of the table
  process::Deadline next_try_;
  process::Deadline pause_ends_;
  BackOff back_off_;
  std::string last_complaint_;  // so that what repeats is said once
};

}  // namespace heirloom::node
