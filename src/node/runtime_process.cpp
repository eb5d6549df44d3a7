// SPDX-License-Identifier: Apache-2.0
//
// The program's processes and their node: what they say to others, and what others say to them.
#include <system_error>
#include <thread>
#include <utility>

#include "node/runtime.hpp"
#include "node/table_handle.hpp"
#include "os/own_thread.hpp"
#include "os/pidfd.hpp"
#include "os/scheduling.hpp"
#include "process/log.hpp"
#include "process/process_exit.hpp"
#include "term/serial.hpp"

namespace heirloom::node {

namespace {

Term reason_of(const wire::ProcessDied& died) {
  if (died.death == wire::Death::unknown) return Atom("noproc");
  if (died.death == wire::Death::killed) return Atom("killed");
  if (died.reason.empty()) return Atom("normal");  // its program said Bye
  auto reason = term::deserialize(died.reason);
  return reason ? *std::move(reason) : Term(Atom("unknown"));
}

}  // namespace

// -- to the manager --

void Runtime::process_started(std::uint32_t index) {
  if (client_) client_->post(wire::ProcessStarted{index}, Client::Post::repeated_by_hello);
}

void Runtime::process_exited(std::uint32_t index, const Term& reason) {
  if (!client_) return;
  {
    // A Hello that is written meanwhile must not call it alive.
    const std::lock_guard lock(exited_mutex_);
    exited_.insert(index);
  }
  wire::ProcessExited call;
  call.index = index;
  call.reason = term::serialize(reason.view());
  call.crashed = !process::is_planned(reason);
  // Without an answer the manager is gone, and the next one learns it from Hello.
  static_cast<void>(client_->call(std::move(call), Client::Again::when_asked).ok());
}

void Runtime::send(const process::Signal& signal) {
  if (!client_) return;
  client_->post(wire::Forward{static_cast<std::uint8_t>(signal.kind), signal.from, signal.to,
                              term::serialize(signal.term.view())},
                Client::Post::kept);
}

void Runtime::watch(Pid pid) {
  if (client_) client_->post(wire::Watch{pid}, Client::Post::repeated_by_hello);
}
void Runtime::unwatch(Pid pid) {
  if (client_) client_->post(wire::Unwatch{pid}, Client::Post::repeated_by_hello);
}
void Runtime::watch_names() {
  if (client_) client_->post(wire::WatchNames{}, Client::Post::repeated_by_hello);
}

Result<shm::Beat*> Runtime::start_watchdog(std::chrono::nanoseconds timeout) {
  HEIRLOOM_CHECK(usable(), "start a watchdog");
  if (!client_) return looks_only().within("start a watchdog");
  shm::Beat* const beat = attachment_.process->take_beat(timeout);
  if (beat == nullptr)
    return fail(ErrorCode::system_limit, "a program has 128 watchdogs at most").within("start a watchdog");
  return beat;
}

void Runtime::announce_watchdog() {
  has_watchdogs_ = true;
  client_->post(wire::WatchdogStarted{}, Client::Post::repeated_by_hello);
}

Result<bool> Runtime::is_alive(Pid pid) {
  HEIRLOOM_CHECK(usable(), "ask whether a process lives");
  if (!client_) return looks_only();
  wire::IsAlive call;
  call.pid = pid;
  auto answer = client_->call(std::move(call), Client::Again::when_asked);
  if (!answer) return std::move(answer).failure();
  return std::get<bool>(*answer);
}

Status Runtime::register_name(Atom name, Pid pid) {
  wire::RegisterName call;
  call.name = name.text();
  call.pid = pid;
  HEIRLOOM_CHECK(usable(), "register");
  if (!client_) return looks_only();
  auto answer = client_->call(std::move(call), Client::Again::when_asked);
  if (!answer) return std::move(answer).failure();
  if (const auto* tables = std::get_if<std::vector<wire::TableFacts>>(&*answer)) expect(*tables);
  return {};
}

Status Runtime::unregister_name(Atom name) {
  wire::UnregisterName call;
  call.name = name.text();
  HEIRLOOM_CHECK(usable(), "unregister");
  if (!client_) return looks_only();
  auto answer = client_->call(std::move(call), Client::Again::never);
  return answer ? Status() : Status(std::move(answer).failure());
}

Result<std::optional<Pid>> Runtime::whereis(Atom name) {
  wire::Whereis call;
  call.name = name.text();
  HEIRLOOM_CHECK(usable(), "whereis");
  if (!client_) return looks_only();
  auto answer = client_->call(std::move(call), Client::Again::when_asked);
  if (!answer) return std::move(answer).failure();
  return std::get<std::optional<Pid>>(*answer);
}

wire::Hello Runtime::hello() {
  wire::Hello hello;
  hello.program = attachment_.process->number();
  hello.os_process = os::own_pid();
  {
    const std::lock_guard lock(exited_mutex_);
    for (const std::uint32_t index : host_->processes()) {
      if (!exited_.contains(index)) hello.processes.push_back(index);
    }
  }
  hello.watched = host_->watched();
  hello.names_watched = host_->names_watched();
  hello.has_watchdogs = has_watchdogs_;
  const std::lock_guard lock(tables_mutex_);
  for (const auto& [id, table] : expected_) hello.expected.push_back(id);
  return hello;
}

// -- from the manager --

void Runtime::received(wire::ToProgram message) {
  if (held_back_.concerns(message) || !receive(message)) held_back_.add(std::move(message));
}

std::optional<std::chrono::milliseconds> Runtime::try_again() {
  for (wire::ToProgram& message : held_back_.take_when_due()) received(std::move(message));
  return held_back_.time_left();
}

bool Runtime::receive(const wire::ToProgram& message) {
  if (const auto* transfer = std::get_if<wire::Transfer>(&message)) return receive(*transfer);
  if (const auto* forward = std::get_if<wire::Forward>(&message)) receive(*forward);
  if (const auto* died = std::get_if<wire::ProcessDied>(&message)) receive(*died);
  if (std::holds_alternative<wire::NamesChanged>(message)) host_->names_changed();
  if (const auto* deleted = std::get_if<wire::TableDeleted>(&message)) {
    const std::lock_guard lock(tables_mutex_);
    expected_.erase(deleted->id);
  }
  return true;
}

void Runtime::receive(const wire::Forward& forward) {
  if (forward.kind > static_cast<std::uint8_t>(process::SignalKind::unlink)) return;
  auto term = term::deserialize(forward.term);
  if (!term) return;  // a program that sends what is no term has no claim to be heard
  host_->deliver({static_cast<process::SignalKind>(forward.kind), forward.from, forward.to, *std::move(term)});
}

void Runtime::receive(const wire::ProcessDied& died) { host_->process_died(died.pid, reason_of(died)); }

bool Runtime::receive(const wire::Transfer& transfer) {
  // Nobody has the node open any more: the program is about to say Bye, and the manager hands the table on.
  const auto runtime = weak_from_this().lock();
  if (!runtime) return true;
  // Two managers may have sent it: the generation tells, since each owner of a table has one of its own.
  std::uint64_t& seen = transfers_seen_[transfer.table.id];
  if (seen < transfer.table.generation) {
    auto handle = open_handle(transfer.table);
    if (!handle && handle.failure().code != ErrorCode::id) return cannot_open(transfer, handle.failure());
    seen = transfer.table.generation;
    if (handle) deliver(transfer, *std::move(handle));
  }
  client_->post(wire::TransferDone{transfer.transfer}, Client::Post::kept);
  return true;
}

bool Runtime::cannot_open(const wire::Transfer& transfer, const Failure& why) {
  const bool lost = is_lost(why);
  if (lost || held_back_.is_first_try()) {
    process::log_line("table \"" + transfer.table.spec.name + "\" was handed to this program and cannot be opened: " +
                      why.to_string() + (lost ? "" : "; tried again until it works"));
  }
  // Not acknowledged: the next manager tells it again, or sets the segment aside.
  return lost;
}

// The fence waits for whoever holds a lock of the table - a writer that is stopped holds it for long -, so it is done by the
// thread that receives the table and has to wait anyway, never by this one, which has all other messages of the program.
void Runtime::deliver(const wire::Transfer& transfer, std::shared_ptr<TableHandle> handle) {
  if (!transfer.data) return fence_aside(std::move(handle));
  auto gift = term::deserialize(*transfer.data);
  if (!gift) return process::log_line("table " + transfer.table.id + " came with gift data that is no term: not told");
  host_->deliver_transfer(transfer.to.index,
                          EtsTransfer{Table(handle), transfer.from, *std::move(gift), transfer.cause},
                          [handle] { fence(*handle); });
  // Before this thread goes on to tell the manager, which can wait.
  os::yield();
}

void Runtime::fence(const TableHandle& handle) noexcept {
  try {
    static_cast<void>(handle.table->fence());
  } catch (const Error& error) {
    // What is left of a dead writer in a stripe is settled by whoever locks it next, before anything else.
    process::log_line("table " + handle.id + " was taken over, but not all of it is repaired: " + error.what());
  }
}

// For an heir that inherits without a message: there is no thread that waits for it.
void Runtime::fence_aside(std::shared_ptr<TableHandle> handle) {
  try {
    os::start_own_thread([handle] { fence(*handle); }).detach();
  } catch (const std::system_error&) {
    fence(*handle);
  }
}

}  // namespace heirloom::node
