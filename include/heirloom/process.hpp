// SPDX-License-Identifier: Apache-2.0
//
// Processes, as in Erlang: something with a pid, a mailbox, and a death that others can be told of. A program that opens a
// node is its *root process*; all its plain threads act as that process. spawn() makes further processes, each on a thread
// of its own.
//
//   Pid child = spawn([] {
//     Term message = receive();
//     std::cout << "got " << message << '\n';
//   });
//   send(child, {"hello"_atom, self()});
//
// The free functions act for the process that the calling thread runs: a spawned one on its own thread, else the root
// process of the node that this program opened last.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/table.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

// An 'ETS-TRANSFER': the calling process now owns `table`. `from` is its former owner.
struct EtsTransfer {
  Table table;
  Pid from;
  Term gift_data;
};

[[nodiscard]] Pid self();

// Runs `body` as a new process. When it returns, the process exits with reason `normal`; an exception ends it with reason
// {error, Text}. Its tables then go to their heirs.
Pid spawn(std::function<void()> body);
Pid spawn_link(std::function<void()> body);     // and exit signals go both ways
Pid spawn_monitor(std::function<void()> body);  // and its death arrives as {'DOWN', Reference, process, Pid, Reason}

// Any process of the node, in this program or another. Sending to the dead is no error.
void send(Pid receiver, const Term& message);
void send(Atom registered_name, const Term& message);  // Error{badarg} when nobody has the name

// The next message; transfers stay for receive_transfer(). The second form gives up after `timeout`.
Term receive();
std::optional<Term> receive(std::chrono::milliseconds timeout);
// The first message that `wanted` accepts; others stay in their order.
std::optional<Term> receive_if(const std::function<bool(const Term&)>& wanted, std::chrono::milliseconds timeout);

// The next 'ETS-TRANSFER' of this process: when it returns, the table may be written.
EtsTransfer receive_transfer();
std::optional<EtsTransfer> receive_transfer(std::chrono::milliseconds timeout);

// Names of the node. Errors: already_exists, no_manager. A name ends with its process.
void register_name(Atom name);               // for the calling process
void register_name(Atom name, Pid process);
void unregister_name(Atom name);
[[nodiscard]] std::optional<Pid> whereis(Atom name);

// A monitor of any process of the node. {'DOWN', Reference, process, Pid, Reason} arrives once, at once for the dead.
Term monitor(Pid process);
void demonitor(const Term& reference);
void link(Pid process);
void unlink(Pid process);
// With true, exit signals of linked processes arrive as {'EXIT', Pid, Reason} instead of ending the caller.
bool trap_exit(bool trap);
// Sends an exit signal; `kill` cannot be trapped. It ends a process of this kind at its next receive().
void exit(Pid process, const Term& reason);
[[noreturn]] void exit(const Term& reason);  // ends the calling spawned process
[[nodiscard]] bool is_process_alive(Pid process);

}  // namespace heirloom
