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

namespace {

bool is_call(const Term& message) {
  return message.is_tuple() && message.size() == 3 && message.element(1) == Term(atoms().gen_call) &&
         message.element(2).is_tuple() && message.element(2).size() == 2 && message.element(2).element(1).is_pid() &&
         !message.element(2).element(1).is_foreign();
}

bool is_cast(const Term& message) {
  return message.is_tuple() && message.size() == 2 && message.element(1) == Term(atoms().gen_cast);
}

}  // namespace

void GenServer::handle(const Term& message) {
  if (is_call(message)) {
    const TermView from = message.element(2);
    const Pid caller = from.element(1).as_pid();
    const Term reply = handle_call(Term(message.element(3)), caller);
    send(caller, Term{Term(from.element(2)), reply});
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
    const process::Message message = *process::take(*me.process, any, std::nullopt);
    if (const auto* transfer = std::get_if<EtsTransfer>(&message)) {
      handle_transfer(*transfer);
    } else {
      handle(std::get<Term>(message));
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
    return [server] { server->run(); };
  });
}

}  // namespace heirloom
