// SPDX-License-Identifier: Apache-2.0
//
// Uplink: what the processes of one program need of their node. The node layer implements it over its connection to the
// manager; tests implement it with a map. The other direction, node to processes, is Host (host.hpp).
//
// All that stays inside one program - messages, links, monitors, exit signals between its own processes - never comes here,
// so it works without a manager. Names always come here: they belong to the node.
//
// **Threads.** Any thread may call any function, and Host calls none of them while it holds a lock. Functions that return
// void without the word "waits" may be called from within Host::deliver() and its like, which run on the thread that reads
// the connection: they must hand their message over and return, never wait for an answer of the manager.
#pragma once

#include <cstdint>
#include <optional>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

#include "base/result.hpp"

namespace heirloom::process {

// What goes from one process to another, in this program or through the node. The node carries it as it is, in order for
// each pair of programs, and looks only at `to`.
enum class SignalKind : std::uint8_t {
  message,  // `term` is the message
  exit,     // exit/2: `term` is the reason
  link,     // `from` is linked to `to` now; `term` is []
  unlink    // not any more; `term` is []
};

struct Signal {
  SignalKind kind = SignalKind::message;
  Pid from;
  Pid to;
  Term term;
};

class Uplink {
 public:
  virtual ~Uplink() = default;

  // -- processes of this program --

  // A process was spawned. Nothing waits: spawning works without a manager, and after a new manager was found the node layer
  // announces all of Host::processes() again.
  virtual void process_started(std::uint32_t index) = 0;

  // A spawned process has ended. Waits until the manager has acknowledged that it has given the tables to their heirs (every
  // ETS-TRANSFER is sent) and freed the names, or is known to be gone: only then are links and monitors inside this program
  // told, so whoever gets 'DOWN' finds the table transferred. The manager then tells the programs that watch the process.
  // Runs on the thread of the dying process.
  virtual void process_exited(std::uint32_t index, const Term& reason) = 0;

  // How a child of this program ended, as waitpid() told it: for the lineage of tables that it may have owned.
  virtual void report_exit(std::int32_t os_process, std::int32_t status) = 0;

  // -- processes of other programs --

  // Hands the signal to the program of `signal.to`. Sending to the dead is no error. Without a manager it may be lost.
  virtual void send(const Signal& signal) = 0;

  // From now on Host::process_died(pid, reason) is called, once, when `pid` ends; at once with reason `noproc` if it has ended
  // or never was. One watch serves all links and monitors of this program. After a new manager was found the node layer
  // announces all of Host::watched() again.
  virtual void watch(Pid pid) = 0;
  virtual void unwatch(Pid pid) = 0;

  // Waits for the manager. Errors: no_manager.
  virtual Result<bool> is_alive(Pid pid) = 0;

  // -- names of the node; all wait for the manager --

  // Errors: already_exists (the detail says who has it), noproc, badarg (that process has a name already), no_manager.
  virtual Status register_name(Atom name, Pid pid) = 0;
  // Errors: badarg (nobody has it), no_manager.
  virtual Status unregister_name(Atom name) = 0;
  virtual Result<std::optional<Pid>> whereis(Atom name) = 0;

  // -- tables of the node; waits for the manager --

  // Gives the table away that `owner`, a process of this program, owns. Errors: id, not_owner, noproc (the receiver), no_manager.
  virtual Status give_away(Atom table, Pid owner, Pid receiver, const Term& gift) = 0;

  // From now on Host::names_changed() is called whenever a name of the node was given or freed, after whereis() tells it;
  // also after a new manager was found. Calling it again changes nothing.
  virtual void watch_names() = 0;
};

}  // namespace heirloom::process
