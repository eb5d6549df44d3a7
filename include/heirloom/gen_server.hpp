// SPDX-License-Identifier: Apache-2.0
//
// GenServer: a process that answers calls, after OTP's gen_server. Derive from it, override what you handle, and start it
// with start_server() or under a Supervisor.
//
//   class Counter : public GenServer {
//     Term handle_call(const Term& request, Pid) override { return ++count_; }
//     std::int64_t count_ = 0;
//   };
//   Pid counter = start_server<Counter>("counter"_atom);
//   Term value = call(counter, "next"_atom);
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "heirloom/process.hpp"

namespace heirloom {

class GenServer {
 public:
  virtual ~GenServer() = default;

  // All run on the server's own process, one at a time, in the order in which messages and transfers arrived. An exception
  // from any of them ends the server with reason {error, Text}, exit(Reason) with that.
  virtual void init() {}
  virtual Term handle_call(const Term& request, Pid from);  // the reply; default: exits with {bad_call, Request}
  virtual void handle_cast(const Term& /*request*/) {}
  virtual void handle_info(const Term& /*message*/) {}  // every other message: 'DOWN', 'EXIT', plain ones
  virtual void handle_transfer(const EtsTransfer& /*transfer*/) {}
  // Another process wants to take a table over (Node::request_table()), as the next version of this server in a deploy. Default:
  // a table that this server owns is given away, between two messages, so that nothing is half done; the server goes on, and may
  // read it.
  virtual void handle_table_request(const TableRequest& request);
  // Before the server ends: by stop(), an exception, exit(), or the end of the process that started it linked, if it traps
  // exits. As in OTP, not when an exit signal ends a server that does not trap them; destructors run in any case.
  virtual void terminate(const Term& /*reason*/) {}

 protected:
  // Ends the server after the current callback; a call is answered first.
  void stop(Term reason);

 private:
  friend Pid start_server(std::function<std::unique_ptr<GenServer>()> make, std::optional<Atom> name, bool linked);
  void run();
  void serve();
  void handle(const Term& message);
  std::optional<Pid> parent_;  // that it is linked to
  std::optional<Term> stop_reason_;
};

// Starts a server as a process of this program, registered as `name` and, if so wanted, linked to the caller; returns when
// its init() has. Errors: what `make` or init() threw; already_exists; noproc when it ended by exit() or a signal instead.
Pid start_server(std::function<std::unique_ptr<GenServer>()> make, std::optional<Atom> name, bool linked);
template <typename Server, typename... Args>
Pid start_server(std::optional<Atom> name, Args... args) {
  return start_server([args...] { return std::make_unique<Server>(args...); }, name, false);
}

// gen_server:call/3, also across programs. Errors: noproc (no such process or name, or it died before it answered: told at
// once), timed_out (an answer that comes later is dropped); by name also no_manager. cast() to nobody is no error.
Term call(Pid server, const Term& request, std::chrono::milliseconds timeout = std::chrono::milliseconds(5000));
Term call(Atom name, const Term& request, std::chrono::milliseconds timeout = std::chrono::milliseconds(5000));
void cast(Pid server, const Term& request);
void cast(Atom name, const Term& request);

}  // namespace heirloom
