// SPDX-License-Identifier: Apache-2.0
//
// Messages, links, monitors and exit signals of a Host.
#include <utility>

#include "process/atoms.hpp"
#include "process/host.hpp"
#include "process/reference.hpp"

namespace heirloom::process {

namespace {

Term down_message(const Monitor& monitor, const Term& reason) {
  return Term{atoms().down, monitor.reference, atoms().process, monitor.target, reason};
}

}  // namespace

// ------------------------------------------------------------------------------------------------- from the node layer

bool Host::deliver(const Signal& signal) {
  std::shared_ptr<Process> process;
  {
    const std::lock_guard lock(relations_mutex_);
    process = find_locked(signal.to.index);
    if (process == nullptr) return false;
    if (signal.kind == SignalKind::link) relations_.link(signal.from, signal.to);
    if (signal.kind == SignalKind::unlink) relations_.unlink(signal.from, signal.to);
  }
  switch (signal.kind) {
    case SignalKind::message: return process->mailbox().push(signal.term);
    case SignalKind::exit: process->exit_signal(signal.from, signal.term, false); break;
    case SignalKind::link:
    case SignalKind::unlink: update_watch(signal.from); break;
  }
  return true;
}

bool Host::deliver_transfer(std::uint32_t index, EtsTransfer transfer, std::function<void()> settle) {
  const std::shared_ptr<Process> process = find(index);
  return process != nullptr && process->mailbox().push(std::move(transfer), std::move(settle));
}

void Host::process_died(Pid pid, const Term& reason) {
  {
    // First of all, so that whoever monitors it from now on asks for a new watch, which the manager answers.
    const std::lock_guard lock(watch_mutex_);
    watched_.erase(pid);
  }
  const std::lock_guard lock(relations_mutex_);
  tell(pid, reason, relations_.remove(pid));
}

// ------------------------------------------------------------------------------------------------- for the processes

void Host::send(Pid from, Pid to, const Term& message) {
  if (!is_local(to)) {
    with_uplink([&](Uplink& uplink) { uplink.send({SignalKind::message, from, to, message}); });
  } else if (const auto process = find(to.index)) {
    process->mailbox().push(message);
  }
}

void Host::monitor(const Process& watcher, Pid target, const Term& reference) {
  Monitor monitor{reference, watcher.pid(), target};
  {
    const std::lock_guard lock(relations_mutex_);
    if (is_local(target) && find_locked(target.index) == nullptr) {
      if (const auto process = find_locked(watcher.pid().index)) {
        process->mailbox().push(down_message(monitor, atoms().noproc));
      }
      return;
    }
    relations_.monitor(read_reference(reference)->number, std::move(monitor));
  }
  update_watch(target);
}

void Host::demonitor(const Process& watcher, const Term& reference) {
  const std::optional<Reference> read = read_reference(reference);
  if (!read || read->program != program()) return;
  std::optional<Pid> target;
  {
    const std::lock_guard lock(relations_mutex_);
    target = relations_.demonitor(read->number, watcher.pid());
  }
  if (target) update_watch(*target);
}

void Host::link(Process& process, Pid other) {
  if (other == process.pid()) return;
  bool is_dead = false;
  {
    const std::lock_guard lock(relations_mutex_);
    is_dead = is_local(other) && find_locked(other.index) == nullptr;
    if (!is_dead) relations_.link(process.pid(), other);
  }
  if (is_dead) {
    process.exit_signal(other, atoms().noproc, true);
  } else if (!is_local(other)) {
    with_uplink([&](Uplink& uplink) { uplink.send({SignalKind::link, process.pid(), other, {}}); });
    update_watch(other);
  }
}

void Host::unlink(const Process& process, Pid other) {
  {
    const std::lock_guard lock(relations_mutex_);
    relations_.unlink(process.pid(), other);
  }
  if (!is_local(other)) {
    with_uplink([&](Uplink& uplink) { uplink.send({SignalKind::unlink, process.pid(), other, {}}); });
    update_watch(other);
  }
}

void Host::exit_signal(Pid from, Pid to, const Term& reason) {
  if (!is_local(to)) {
    with_uplink([&](Uplink& uplink) { uplink.send({SignalKind::exit, from, to, reason}); });
  } else if (const auto process = find(to.index)) {
    process->exit_signal(from, reason, false);
  }
}

Result<bool> Host::is_alive(Pid pid) {
  if (is_local(pid)) return find(pid.index) != nullptr;
  const auto alive = with_uplink([&](Uplink& uplink) { return uplink.is_alive(pid); });
  return alive ? *alive : fail(ErrorCode::no_manager, "the node was closed");
}

// ------------------------------------------------------------------------------------------------------------ private

void Host::tell(Pid dead, const Term& reason, const Survivors& survivors) {
  for (const Pid pid : survivors.linked) {
    if (!is_local(pid)) continue;  // the manager tells its program, which watches the dead since they were linked
    if (const auto process = find_locked(pid.index)) process->exit_signal(dead, reason, true);
  }
  for (const Monitor& monitor : survivors.monitors) {
    if (const auto process = find_locked(monitor.watcher.index)) {
      process->mailbox().push(down_message(monitor, reason));
    }
  }
}

void Host::update_watch(Pid pid) {
  if (is_local(pid)) return;
  const std::lock_guard watches(watch_mutex_);
  bool wanted = false;
  {
    const std::lock_guard lock(relations_mutex_);
    wanted = relations_.concern(pid);
  }
  if (wanted && watched_.insert(pid).second) {
    with_uplink([&](Uplink& uplink) { uplink.watch(pid); });
  } else if (!wanted && watched_.erase(pid) == 1) {
    with_uplink([&](Uplink& uplink) { uplink.unwatch(pid); });
  }
}

std::vector<Pid> Host::watched() const {
  const std::lock_guard lock(watch_mutex_);
  return {watched_.begin(), watched_.end()};
}

}  // namespace heirloom::process
