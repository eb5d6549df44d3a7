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

// Who waits for the answer to a call: {Pid, Reference}. It may be kept, in a table too, and answered from anywhere: by another
// process, or by the server that replaces this one.
class From {
 public:
  // Of a term that was a From. Error{badarg}.
  explicit From(const Term& term);
  From(Pid process, Term reference) : process_(process), reference_(std::move(reference)) {}
  [[nodiscard]] Pid process() const noexcept { return process_; }
  [[nodiscard]] const Term& reference() const noexcept { return reference_; }
  explicit operator Term() const { return Term{process_, reference_}; }

 private:
  Pid process_;
  Term reference_;
};

class GenServer {
 public:
  virtual ~GenServer() = default;

  // All run on the server's own process, one at a time, in the order in which messages and transfers arrived. An exception
  // from any of them ends the server with reason {error, Text}, exit(Reason) with that.
  virtual void init() {}                                    // stop() in it is a start that fails
  virtual Term handle_call(const Term& request, Pid from);  // the reply; default: exits with {bad_call, Request}
  virtual void handle_continue(const Term& /*what*/) {}     // after continue_with()
  virtual void handle_cast(const Term& /*request*/) {}
  virtual void handle_info(const Term& /*message*/) {}  // every other message: 'DOWN', 'EXIT', plain ones, `timeout`
  virtual void handle_transfer(const EtsTransfer& /*transfer*/) {}
  // Another process wants to take a table over (Node::request_table()), as the next version of this server in a deploy. Default:
  // a table that this server owns is given away, between two messages, so that nothing is half done; the server goes on, and may
  // read it.
  virtual void handle_table_request(const TableRequest& request);
  // After change_code(): the data of this server shall become those of another version. What it throws goes to who asked, and the
  // server goes on.
  virtual void code_change(const Term& /*old_version*/, const Term& /*extra*/) {}
  // Before the server ends: by stop(), an exception, exit(), or the end of the process that started it linked, if it traps
  // exits. As in OTP, not when an exit signal ends a server that does not trap them; destructors run in any case.
  virtual void terminate(const Term& /*reason*/) {}

 protected:
  // Ends the server after the current callback; a call is answered first.
  void stop(Term reason);
  // handle_continue(what) runs next, before any message, also one that is there already: for the slow part of init().
  void continue_with(Term what);
  // handle_info(timeout) runs when nothing arrives for so long after this callback; any message and any transfer cancels it. Of 0
  // ms: as soon as nothing is there.
  void set_timeout(std::chrono::milliseconds timeout);
  // In handle_call(): what it returns is no reply; reply() gives one later. Meanwhile the caller waits, as long as its time-out.
  From defer_reply();

 private:
  friend Pid start_server(std::function<std::unique_ptr<GenServer>()> make, std::optional<Atom> name, bool linked);
  void run();
  void serve();
  void handle(const Term& message);
  void answer_call(const Term& message);
  void change_version(const Term& message);
  std::optional<Pid> parent_;  // that it is linked to
  std::optional<Term> stop_reason_;
  std::optional<Term> continue_;
  std::optional<std::chrono::milliseconds> timeout_;
  std::optional<From> from_;  // of the call that is handled, until its reply is deferred
};

// Starts a server as a process of this program, registered as `name` and, if so wanted, linked to the caller; returns when
// its init() has. Errors: what `make` or init() threw; already_exists; noproc when it ended by exit(), stop() or a signal.
Pid start_server(std::function<std::unique_ptr<GenServer>()> make, std::optional<Atom> name, bool linked);
template <typename Server, typename... Args>
Pid start_server(std::optional<Atom> name, Args... args) {
  return start_server([args...] { return std::make_unique<Server>(args...); }, name, false);
}

// gen_server:call/3, also across programs. Errors: noproc (no such process or name, or it died before it answered: told at
// once), timed_out (an answer that comes later is dropped); by name also no_manager. cast() to nobody is no error.
Term call(Pid server, const Term& request, std::chrono::milliseconds timeout = std::chrono::milliseconds(5000));
Term call(Atom name, const Term& request, std::chrono::milliseconds timeout = std::chrono::milliseconds(5000));
// gen_server:reply/2. An answer that nobody waits for - given twice, or after the caller's time-out - is dropped by the caller.
void reply(const From& from, const Term& answer);
// gen_server:stop/3: the server terminates with that reason, and this waits for its end. Errors: noproc (none, or it ended with
// another reason, which the detail says), timed_out (it still will).
void stop_server(Pid server, const Term& reason = Atom("normal"),
                 std::chrono::milliseconds timeout = std::chrono::milliseconds::max());
void stop_server(Atom name, const Term& reason = Atom("normal"),
                 std::chrono::milliseconds timeout = std::chrono::milliseconds::max());
// sys:change_code/4: code_change() runs between two messages of the server. Errors: those of call(); badarg with what it threw.
void change_code(Pid server, const Term& old_version, const Term& extra,
                 std::chrono::milliseconds timeout = std::chrono::milliseconds(5000));
void cast(Pid server, const Term& request);
void cast(Atom name, const Term& request);

}  // namespace heirloom
