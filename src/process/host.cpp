// SPDX-License-Identifier: Apache-2.0
//
// The life of processes: spawning, ending, names. Links, monitors and signals are in host_signals.cpp.
#include "process/host.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "process/atoms.hpp"
#include "process/process_exit.hpp"
#include "process/reference.hpp"

namespace heirloom::process {

std::shared_ptr<Host> Host::open(std::uint32_t program, Uplink& uplink) {
  return std::shared_ptr<Host>(new Host(program, uplink));
}

Host::Host(std::uint32_t program, Uplink& uplink)
    : root_(std::make_shared<Process>(*this, Pid{program, 0})), uplink_(uplink) {}

bool Host::close(std::chrono::milliseconds patience) {
  std::unique_lock lock(relations_mutex_);
  for (const auto& [index, process] : processes_) {
    process->exit_signal(root_->pid(), atoms().kill, false);
  }
  const std::uint32_t caller = acting().index;  // 0, which is none of them, for a plain thread
  const auto only_the_caller = [&] {
    const auto is_caller = [&](std::uint32_t index) { return index == caller; };
    return std::ranges::all_of(processes_, is_caller, [](const auto& entry) { return entry.first; }) &&
           std::ranges::all_of(ending_, is_caller);
  };
  const Deadline deadline = deadline_after(patience);
  bool ended = true;
  if (deadline) {
    ended = process_ended_.wait_until(lock, *deadline, only_the_caller);
  } else {
    process_ended_.wait(lock, only_the_caller);
  }
  lock.unlock();

  gate_.close();
  root_->mailbox().interrupt(atoms().shutdown);
  return ended;
}

Pid Host::acting() const noexcept {
  const Process* running = running_process();
  return running != nullptr && &running->host() == this ? running->pid() : root_->pid();
}

std::vector<std::uint32_t> Host::processes() const {
  const std::lock_guard lock(relations_mutex_);
  std::vector<std::uint32_t> indexes;
  for (const auto& [index, process] : processes_) indexes.push_back(index);
  return indexes;
}

std::shared_ptr<Process> Host::find_locked(std::uint32_t index) const {
  if (index == 0) return root_;
  const auto found = processes_.find(index);
  return found == processes_.end() ? nullptr : found->second;
}

std::shared_ptr<Process> Host::find(std::uint32_t index) const {
  const std::lock_guard lock(relations_mutex_);
  return find_locked(index);
}

Host::Spawned Host::spawn(std::function<void()> body, const SpawnOptions& options) {
  Spawned spawned;
  std::shared_ptr<Process> process;
  {
    const std::lock_guard lock(relations_mutex_);
    spawned.pid = Pid{program(), next_index_++};
    process = std::make_shared<Process>(*this, spawned.pid);
    processes_.emplace(spawned.pid.index, process);
    if (options.linked_to != nullptr) relations_.link(options.linked_to->pid(), spawned.pid);
    if (options.monitored_by != nullptr) {
      spawned.monitor = make_reference(program());
      relations_.monitor(read_reference(spawned.monitor)->number,
                         Monitor{spawned.monitor, options.monitored_by->pid(), spawned.pid});
    }
  }
  with_uplink([&](Uplink& uplink) { uplink.process_started(spawned.pid.index); });
  try {
    std::thread([host = shared_from_this(), process, body = std::move(body)]() mutable {
      host->run(process, std::exchange(body, nullptr));
    }).detach();
  } catch (const std::system_error& error) {
    if (options.linked_to != nullptr) unlink(*options.linked_to, spawned.pid);
    finish(*process, Term{atoms().error, error.what()});
    throw Error(ErrorCode::system_limit, "spawn a process", error.what());
  }
  return spawned;
}

void Host::run(const std::shared_ptr<Process>& process, std::function<void()> body) {
  running_process() = process.get();
  Term reason = atoms().normal;
  try {
    body();
    body = nullptr;  // what the body holds is gone before anybody hears of its end
  } catch (...) {
    reason = reason_of_current_exception();
    body = nullptr;
  }
  finish(*process, reason);
  running_process() = nullptr;
}

void Host::finish(Process& process, const Term& reason) {
  const Pid pid = process.pid();
  with_uplink([&](Uplink& uplink) { uplink.process_exited(pid.index, reason); });
  process.mailbox().close();

  Survivors survivors;
  {
    const std::lock_guard lock(relations_mutex_);
    survivors = relations_.remove(pid);
    name_subscribers_.erase(pid.index);
    tell(pid, reason, survivors);
    processes_.erase(pid.index);
    ending_.insert(pid.index);
  }
  for (const Pid other : survivors.no_longer_watched) update_watch(other);

  const std::lock_guard lock(relations_mutex_);
  ending_.erase(pid.index);
  process_ended_.notify_all();
}

bool Host::wait_until_ended(Pid pid, const Deadline& deadline) const {
  std::unique_lock lock(relations_mutex_);
  const auto ended = [&] { return !processes_.contains(pid.index) && !ending_.contains(pid.index); };
  if (deadline) return process_ended_.wait_until(lock, *deadline, ended);
  process_ended_.wait(lock, ended);
  return true;
}

Status Host::register_name(Atom name, Pid pid) {
  const auto status = with_uplink([&](Uplink& uplink) { return uplink.register_name(name, pid); });
  return status ? *status : fail(ErrorCode::no_manager, "the node was closed");
}

Status Host::unregister_name(Atom name) {
  const auto status = with_uplink([&](Uplink& uplink) { return uplink.unregister_name(name); });
  return status ? *status : fail(ErrorCode::no_manager, "the node was closed");
}

Result<std::optional<Pid>> Host::whereis(Atom name) {
  const auto found = with_uplink([&](Uplink& uplink) { return uplink.whereis(name); });
  return found ? *found : fail(ErrorCode::no_manager, "the node was closed");
}

void Host::subscribe_names(const Process& process) {
  {
    const std::lock_guard lock(relations_mutex_);
    name_subscribers_.insert(process.pid().index);
  }
  if (!names_watched_.exchange(true)) with_uplink([](Uplink& uplink) { uplink.watch_names(); });
}

void Host::names_changed() {
  const std::lock_guard lock(relations_mutex_);
  for (const std::uint32_t index : name_subscribers_) {
    if (const auto process = find_locked(index)) process->mailbox().push_names_changed();
  }
}

}  // namespace heirloom::process
