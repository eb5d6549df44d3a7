// SPDX-License-Identifier: Apache-2.0
//
// The server's side of GenServer. The messages are those of OTP: {'$gen_call', {FromPid, Reference}, Request} answered by
// {Reference, Reply}, and {'$gen_cast', Request}.
#include "heirloom/gen_server.hpp"

#include <utility>

#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/log.hpp"
#include "process/process_exit.hpp"
#include "process/receiving.hpp"
#include "process/start_process.hpp"

namespace heirloom {

using process::atoms;

namespace {

bool is_from(TermView term) {
  return term.is_tuple() && term.size() == 2 && term.element(1).is_pid() && !term.element(1).is_foreign();
}

}  // namespace

From::From(const Term& term) {
  if (!is_from(term)) throw Error(ErrorCode::badarg, "read a From", "it is {Pid, Reference}, not " + to_string(term));
  process_ = term.element(1).as_pid();
  reference_ = Term(term.element(2));
}

void reply(const From& from, const Term& answer) { send(from.process(), Term{from.reference(), answer}); }

Term GenServer::handle_call(const Term& request, Pid /*from*/) { exit(Term{atoms().bad_call, request}); }

void GenServer::handle_table_request(const TableRequest& request) {
  const process::Acting me = process::acting();
  const Status given = me.host
                           ->with_uplink([&](process::Uplink& uplink) {
                             return uplink.give_away(request.table, me.process->pid(), request.from, request.data);
                           })
                           .value_or(Status());
  // Whoever asked may have ended, or asked the wrong one: it will see, and may ask again.
  if (!given) process::log_line("a table that was asked for is not given away: " + given.failure().to_string());
}

void GenServer::stop(Term reason) { stop_reason_ = std::move(reason); }
void GenServer::continue_with(Term what) { continue_ = std::move(what); }
void GenServer::set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }

From GenServer::defer_reply() {
  if (!from_)
    throw Error(ErrorCode::badarg, "defer a reply", "no call is being handled, or its reply is deferred already");
  From from = *std::move(from_);
  from_.reset();
  return from;
}

namespace {

// {Tag, {Pid, Reference}, ...}, as {'$gen_call', From, Request}.
bool is_asking(const Term& message, Atom tag, std::size_t size) {
  return message.is_tuple() && message.size() == size && message.element(1) == Term(tag) && is_from(message.element(2));
}

bool is_cast(const Term& message) {
  return message.is_tuple() && message.size() == 2 && message.element(1) == Term(atoms().gen_cast);
}

}  // namespace

void GenServer::answer_call(const Term& message) {
  const TermView from = message.element(2);
  const Pid caller = from.element(1).as_pid();
  from_.emplace(caller, Term(from.element(2)));
  const Term answer = handle_call(Term(message.element(3)), caller);
  if (const auto waiting = std::exchange(from_, std::nullopt)) reply(*waiting, answer);
}

void GenServer::change_version(const Term& message) {
  const From from(Term(message.element(2)));
  Term answer(atoms().ok);
  try {
    code_change(Term(message.element(3)), Term(message.element(4)));
  } catch (const process::ProcessExit&) {
    throw;
  } catch (...) {
    answer = process::reason_of_current_exception();
  }
  reply(from, answer);
}

void GenServer::handle(const Term& message) {
  if (is_asking(message, atoms().gen_call, 3)) {
    answer_call(message);
  } else if (is_asking(message, atoms().stop_server, 3)) {
    stop(Term(message.element(3)));
  } else if (is_asking(message, atoms().change_code, 4)) {
    change_version(message);
  } else if (is_cast(message)) {
    handle_cast(Term(message.element(2)));
  } else if (parent_ && process::is_exit(message) && message.element(2).as_pid() == *parent_) {
    stop(Term(message.element(3)));
  } else if (const auto request = as_table_request(message)) {
    handle_table_request(*request);
  } else {
    handle_info(message);
  }
}

void GenServer::serve() {
  const process::Acting me = process::acting();
  const auto any = [](const process::Message&) { return true; };
  while (!stop_reason_) {
    if (continue_) {
      handle_continue(*std::exchange(continue_, std::nullopt));
      continue;
    }
    process::Deadline deadline;
    if (const auto timeout = std::exchange(timeout_, std::nullopt)) deadline = process::deadline_after(*timeout);
    const std::optional<process::Message> message = process::take(*me.process, any, deadline);
    if (!message) {
      handle_info(atoms().timeout);
    } else if (const auto* transfer = std::get_if<EtsTransfer>(&*message)) {
      handle_transfer(*transfer);
    } else {
      handle(std::get<Term>(*message));
    }
  }
}

void GenServer::run() {
  try {
    serve();
  } catch (const process::ProcessExit& exit) {
    // As in OTP, a server that does not trap exits gets no chance to terminate when a signal ends it.
    if (!exit.by_signal) terminate(exit.reason);
    throw;
  } catch (...) {
    terminate(process::reason_of_current_exception());
    throw;
  }
  terminate(*stop_reason_);
  exit(*stop_reason_);
}

Pid start_server(std::function<std::unique_ptr<GenServer>()> make, std::optional<Atom> name, bool linked) {
  const process::Acting parent = process::acting();
  const std::optional<Pid> parent_pid = linked ? std::optional(parent.process->pid()) : std::nullopt;
  return process::start_process(parent, linked, [make = std::move(make), name, parent_pid] {
    if (name) register_name(*name);
    const std::shared_ptr<GenServer> server = make();
    server->parent_ = parent_pid;
    server->init();
    if (server->stop_reason_) exit(*server->stop_reason_);
    return [server] { server->run(); };
  });
}

}  // namespace heirloom
