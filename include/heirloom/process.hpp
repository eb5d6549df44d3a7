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

// An 'ETS-TRANSFER': the calling process now owns `table`. `from` is its former owner, or the heir that passed it on.
struct EtsTransfer {
  Table table;
  Pid from;
  Term gift_data;
  TenureEnd cause = TenureEnd::gave_away;  // why the former owner has it no more
};

// A process asks for a table, in a message {'ETS-REQUEST', Table, From, Data} to its owner (Node::request_table()): it wants to
// take over from that one in good order. The owner finishes what it has under way, and gives the table away; or does not.
struct TableRequest {
  Atom table;
  Pid from;
  Term data;
};
// The request that a message is, if it is one.
std::optional<TableRequest> as_table_request(const Term& message);

[[nodiscard]] Pid self();

// Runs `body` as a new process. When it returns, the process exits with reason `normal`; an exception ends it with reason
// {error, Text}, exit(Reason) with that. Its tables then go to their heirs and its names are free, before anybody is told
// of its end. Error{system_limit} when no thread can be started.
Pid spawn(std::function<void()> body);
Pid spawn_link(std::function<void()> body);     // and exit signals go both ways
Pid spawn_monitor(std::function<void()> body);  // and its death arrives as {'DOWN', Reference, process, Pid, Reason}

// Any process of the node, in this program or another. Sending to the dead is no error. Messages from one process to another
// arrive in order; those to another program are lost while the node has no manager, as between Erlang nodes.
void send(Pid receiver, const Term& message);
void send(Atom registered_name, const Term& message);  // Error{badarg} when nobody has the name; else as whereis()

// The next message; transfers stay for receive_transfer(). The second form gives up after `timeout`.
// All forms end a process that got an exit signal, and throw Error{no_manager} in a root process whose node was closed.
Term receive();
std::optional<Term> receive(std::chrono::milliseconds timeout);
// The first message that `wanted` accepts; others stay in their order.
std::optional<Term> receive_if(const std::function<bool(const Term&)>& wanted, std::chrono::milliseconds timeout);

// For event loops (epoll, Asio, libuv, GLib): a descriptor that is readable as long as there is something that the calling process
// has not received, a message or a transfer. Wait for it, and then receive, with a time-out of 0, until nothing comes; do not
// read from it, write to it or close it: it is closed with the process. Error{system_limit} when there is no descriptor left.
[[nodiscard]] int receive_descriptor();

// Timers. After `delay` the message is sent to `receiver`, wherever it lives - start_timer() sends {timeout, Reference, Message},
// after erlang:start_timer/3 -, also when the process that started the timer has ended by then. The reference names the timer.
// Errors: badarg for a negative delay; system_limit when there is no thread for the program's first timer.
Term send_after(std::chrono::milliseconds delay, Pid receiver, const Term& message);
Term start_timer(std::chrono::milliseconds delay, Pid receiver, const Term& message);
// How long it had still to wait, and it is not sent; nothing when it was sent or cancelled before, or is another program's.
std::optional<std::chrono::milliseconds> cancel_timer(const Term& timer);
[[nodiscard]] std::optional<std::chrono::milliseconds> read_timer(const Term& timer);

// The next 'ETS-TRANSFER' of this process: when it returns, the table may be written. Before, it waits for whoever is in the
// middle of a write to the table, longer than `timeout` too.
EtsTransfer receive_transfer();
std::optional<EtsTransfer> receive_transfer(std::chrono::milliseconds timeout);

// Names of the node. A name ends with its process. All throw Error{no_manager}; register_name also already_exists (the detail
// says who has it), noproc, and badarg when the process has a name already; unregister_name badarg when nobody has it.
void register_name(Atom name);  // for the calling process
void register_name(Atom name, Pid process);
void unregister_name(Atom name);
[[nodiscard]] std::optional<Pid> whereis(Atom name);
// From now on the message `names_changed` arrives whenever a name of the node was given or freed: time to ask whereis()
// again. Of several changes one message may tell.
void subscribe_names();

// A monitor of any process of the node. {'DOWN', Reference, process, Pid, Reason} arrives once, at once (with reason noproc)
// for the dead.
Term monitor(Pid process);
void demonitor(const Term& reference);
// Either's end is an exit signal to the other, which ends it with the same reason unless that is `normal`.
void link(Pid process);
void unlink(Pid process);
// With true, exit signals arrive as {'EXIT', Pid, Reason} instead of ending the caller. The value before. A root process
// always traps them: a program is ended by its main(), not by a message.
bool trap_exit(bool trap);
// Sends an exit signal; `kill` cannot be trapped, but by root processes. No thread can be ended from outside: the signal ends
// a process when it next receives or sends.
void exit(Pid process, const Term& reason);
[[noreturn]] void exit(const Term& reason);  // ends the calling spawned process; Error{badarg} in a root process
// True until its tables have gone to their heirs and its names are free. Error{no_manager} for one of another program.
[[nodiscard]] bool is_process_alive(Pid process);

}  // namespace heirloom
