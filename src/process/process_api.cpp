// SPDX-License-Identifier: Apache-2.0
//
// The functions of heirloom/process.hpp: each acts for the process of the calling thread.
#include <concepts>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>

#include "heirloom/process.hpp"

#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/process_exit.hpp"
#include "process/receiving.hpp"
#include "process/reference.hpp"

namespace heirloom {

using process::acting;
using process::Acting;
using process::deadline_after;
using process::Message;

namespace {

// A failure of the node, raised as the Error of an operation on a name.
template <typename T>
auto raise_within(Result<T> result, std::string_view operation, Atom name) {
  std::ostringstream text;
  text << operation << ' ' << name;
  if (!result) std::move(result).failure().within(text.str()).raise();
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

Acting acting_and_alive() {
  Acting me = acting();
  process::end_if_interrupted(*me.process);
  return me;
}

Pid spawn_with(std::function<void()> body, bool linked, bool monitored) {
  const Acting me = acting_and_alive();
  const process::Process* parent = me.process.get();
  return me.host->spawn(std::move(body), {linked ? parent : nullptr, monitored ? parent : nullptr}).pid;
}

std::optional<EtsTransfer> take_transfer(const process::Deadline& deadline) {
  const auto is_transfer = [](const Message& message) { return std::holds_alternative<EtsTransfer>(message); };
  std::optional<Message> message = process::take(*acting().process, is_transfer, deadline);
  if (!message) return std::nullopt;
  return std::get<EtsTransfer>(*std::move(message));
}

template <typename Message>
requires std::invocable<Message, const Term&> Term start_timer(std::chrono::milliseconds delay, Pid receiver,
                                                               Message message_of) {
  if (delay < std::chrono::milliseconds::zero()) {
    throw Error(ErrorCode::badarg, "start a timer", "a delay of " + std::to_string(delay.count()) + " ms is none");
  }
  const Acting me = acting_and_alive();
  Term timer = process::make_reference(me.host->program());
  me.host->start_timer(process::read_reference(timer)->number, delay, receiver, message_of(timer));
  return timer;
}

// What `ask` tells of one of this program's timers, in whole milliseconds, upwards.
template <typename Ask>
std::optional<std::chrono::milliseconds> of_timer(const Term& timer, Ask ask) {
  const Acting me = acting_and_alive();
  const auto reference = process::read_reference(timer);
  if (!reference || reference->program != me.host->program()) return std::nullopt;
  const auto left = ask(me.host->timers(), reference->number);
  return left ? std::optional(std::chrono::ceil<std::chrono::milliseconds>(*left)) : std::nullopt;
}

}  // namespace

Pid self() { return acting().process->pid(); }

Pid spawn(std::function<void()> body) { return spawn_with(std::move(body), false, false); }
Pid spawn_link(std::function<void()> body) { return spawn_with(std::move(body), true, false); }
Pid spawn_monitor(std::function<void()> body) { return spawn_with(std::move(body), false, true); }

void send(Pid receiver, const Term& message) {
  const Acting me = acting_and_alive();
  me.host->send(me.process->pid(), receiver, message);
}

void send(Atom registered_name, const Term& message) {
  const std::optional<Pid> receiver = whereis(registered_name);
  if (!receiver) {
    std::ostringstream operation;
    operation << "send to " << registered_name;
    throw Error(ErrorCode::badarg, operation.str(), "no process has this name");
  }
  send(*receiver, message);
}

Term receive() { return *process::take_term(*acting().process, nullptr, std::nullopt); }

std::optional<Term> receive(std::chrono::milliseconds timeout) {
  return process::take_term(*acting().process, nullptr, deadline_after(timeout));
}

std::optional<Term> receive_if(const std::function<bool(const Term&)>& wanted, std::chrono::milliseconds timeout) {
  return process::take_term(*acting().process, wanted, deadline_after(timeout));
}

int receive_descriptor() { return acting().process->mailbox().descriptor().value_or_raise(); }

Term send_after(std::chrono::milliseconds delay, Pid receiver, const Term& message) {
  return start_timer(delay, receiver, [&](const Term&) { return message; });
}

Term start_timer(std::chrono::milliseconds delay, Pid receiver, const Term& message) {
  return start_timer(delay, receiver, [&](const Term& timer) {
    return Term{process::atoms().timeout, timer, message};
  });
}

std::optional<std::chrono::milliseconds> cancel_timer(const Term& timer) {
  return of_timer(timer, [](process::Timers& timers, std::uint64_t number) { return timers.cancel(number); });
}

std::optional<std::chrono::milliseconds> read_timer(const Term& timer) {
  return of_timer(timer, [](process::Timers& timers, std::uint64_t number) { return timers.left(number); });
}

EtsTransfer receive_transfer() { return *take_transfer(std::nullopt); }

std::optional<EtsTransfer> receive_transfer(std::chrono::milliseconds timeout) {
  return take_transfer(deadline_after(timeout));
}

void register_name(Atom name) { register_name(name, self()); }

void register_name(Atom name, Pid process) {
  raise_within(acting_and_alive().host->register_name(name, process), "register the name", name);
}

void unregister_name(Atom name) {
  raise_within(acting_and_alive().host->unregister_name(name), "unregister the name", name);
}

std::optional<Pid> whereis(Atom name) {
  return raise_within(acting_and_alive().host->whereis(name), "look up the name", name);
}

void subscribe_names() {
  const Acting me = acting_and_alive();
  me.host->subscribe_names(*me.process);
}

Term monitor(Pid process) {
  const Acting me = acting_and_alive();
  Term reference = process::make_reference(me.host->program());
  me.host->monitor(*me.process, process, reference);
  return reference;
}

void demonitor(const Term& reference) {
  const Acting me = acting();
  me.host->demonitor(*me.process, reference);
}

void link(Pid process) {
  const Acting me = acting_and_alive();
  me.host->link(*me.process, process);
}

void unlink(Pid process) {
  const Acting me = acting();
  me.host->unlink(*me.process, process);
}

bool trap_exit(bool trap) { return acting().process->trap_exits(trap); }

void exit(Pid process, const Term& reason) {
  const Acting me = acting();
  me.host->exit_signal(me.process->pid(), process, reason);
  process::end_if_interrupted(*me.process);
}

void exit(const Term& reason) {
  if (acting().process->is_root()) {
    throw Error(ErrorCode::badarg, "exit", "the root process ends with its program: return from main() instead");
  }
  throw process::ProcessExit{reason, false};
}

bool is_process_alive(Pid process) {
  Result<bool> alive = acting_and_alive().host->is_alive(process);
  return std::move(alive).value_or_raise();
}

}  // namespace heirloom
