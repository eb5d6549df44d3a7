// SPDX-License-Identifier: Apache-2.0
//
// Host: all processes of one program in one node - the root process (index 0), as which the plain threads of the program
// act, and the spawned ones, each on a thread of its own.
//
// For the node layer: make one Host a node with Host::open(), call set_default_host() (acting.hpp) when the node was opened,
// call the entry points below from the thread that reads the connection, and close() before the Uplink goes away.
//
// **Locking.** timer_process_mutex_ before watch_mutex_ before relations_mutex_ before the lock inside a mailbox. The Uplink is called with none of them
// held but watch_mutex_ (around Uplink::watch() and unwatch(), which do not wait), and a process' body and a receiver's
// predicate with none at all. The node layer calls the entry points without a lock that its Uplink functions take.
//
// **Death of a process**, in this order: its body has unwound; the Uplink is told and has moved the tables and freed the
// names; the process leaves the registry (is_alive() turns false) and 'EXIT' and 'DOWN' go out. A C++ thread cannot be ended
// from outside: an exit signal, `kill` too, ends a process when it next receives or sends.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <type_traits>
#include <vector>

#include "heirloom/process.hpp"

#include "base/result.hpp"
#include "process/gate.hpp"
#include "process/mailbox.hpp"
#include "process/process.hpp"
#include "process/relations.hpp"
#include "process/timers.hpp"
#include "process/uplink.hpp"

namespace heirloom::process {

class Host : public std::enable_shared_from_this<Host> {
 public:
  // `program` is this program's number in the node. `uplink` must live until close() has returned.
  static std::shared_ptr<Host> open(std::uint32_t program, Uplink& uplink);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Kills the spawned processes, waits up to `patience` for their ends (but for that of the calling one), then lets go of
  // the Uplink: whatever still runs finds no manager. False when some process had not ended.
  bool close(std::chrono::milliseconds patience = std::chrono::milliseconds(1000));

  [[nodiscard]] std::uint32_t program() const noexcept { return root_->pid().program; }
  [[nodiscard]] const std::shared_ptr<Process>& root_process() const noexcept { return root_; }
  // The process as which the calling thread acts in this node: the spawned one it runs, else the root process.
  [[nodiscard]] Pid acting() const noexcept;
  // Indexes of the spawned processes that have not ended, ascending: what a new manager must be told.
  [[nodiscard]] std::vector<std::uint32_t> processes() const;
  // Processes of other programs that links or monitors of this one wait for: what a new manager must be told.
  [[nodiscard]] std::vector<Pid> watched() const;
  // Whether Uplink::watch_names() was called: what a new manager must be told.
  [[nodiscard]] bool names_watched() const noexcept { return names_watched_.load(); }

  // -- entry points of the node layer: none waits --

  // A signal from another program. False when its receiver has ended: it is dropped.
  bool deliver(const Signal& signal);
  // 'ETS-TRANSFER': process `index` owns the table now. `settle` runs on the thread that receives it, before that has it: it
  // may wait there for whoever writes to the table still. False when the process has ended; then Uplink::process_exited() has
  // been called, and the manager passes the table on.
  bool deliver_transfer(std::uint32_t index, EtsTransfer transfer, std::function<void()> settle = {});
  // A watched process of another program has ended: 'EXIT' to those linked to it, 'DOWN' to those monitoring it. The watch
  // is over.
  void process_died(Pid pid, const Term& reason);
  // Names were given or freed, or a new manager was found.
  void names_changed();

  // -- spawning --

  struct SpawnOptions {
    const Process* linked_to = nullptr;  // both hold before the first line of the body runs
    const Process* monitored_by = nullptr;
  };
  struct Spawned {
    Pid pid;
    Term monitor;  // its reference; [] without monitored_by
  };
  // Error{system_limit} when no thread can be started.
  Spawned spawn(std::function<void()> body, const SpawnOptions& options);
  // Waits until a process of this program has ended, all watches that it alone wanted too; false when `deadline` passed
  // before.
  bool wait_until_ended(Pid pid, const Deadline& deadline) const;

  // -- what the functions of heirloom/process.hpp do, for a given process --

  void send(Pid from, Pid to, const Term& message);
  // `reference` comes from make_reference().
  void monitor(const Process& watcher, Pid target, const Term& reference);
  void demonitor(const Process& watcher, const Term& reference);
  void link(Process& process, Pid other);
  void unlink(const Process& process, Pid other);
  void exit_signal(Pid from, Pid to, const Term& reason);
  Result<bool> is_alive(Pid pid);

  // Sends `message` after `delay`; `number` is that of a new reference. Error{system_limit} as spawn(), for the first one.
  void start_timer(std::uint64_t number, std::chrono::milliseconds delay, Pid receiver, Term message);
  [[nodiscard]] Timers& timers() noexcept { return timers_; }

  Status register_name(Atom name, Pid pid);
  Status unregister_name(Atom name);
  Result<std::optional<Pid>> whereis(Atom name);
  // `process` gets the message `names_changed` whenever names of the node change; never two of them unread.
  void subscribe_names(const Process& process);

  // The result of calling `call` with the Uplink, which stays while it runs; nothing after close(). (Where `call` returns
  // void: whether it was called.)
  template <typename Call>
  auto with_uplink(Call call) {
    using Value = decltype(call(uplink_));
    const Gate::Visit visit(gate_);
    if constexpr (std::is_void_v<Value>) {
      if (visit) call(uplink_);
      return static_cast<bool>(visit);
    } else {
      return visit ? std::optional<Value>(call(uplink_)) : std::nullopt;
    }
  }
  [[nodiscard]] bool is_closed() const { return gate_.is_closed(); }

 private:
  Host(std::uint32_t program, Uplink& uplink);

  void run(const std::shared_ptr<Process>& process, std::function<void()> body);
  void finish(Process& process, const Term& reason);
  [[nodiscard]] Pid timer_process();
  void run_timers();

  [[nodiscard]] bool is_local(Pid pid) const noexcept { return pid.program == program(); }
  // The process, if it has not ended. Requires relations_mutex_.
  [[nodiscard]] std::shared_ptr<Process> find(std::uint32_t index) const;
  [[nodiscard]] std::shared_ptr<Process> find_locked(std::uint32_t index) const;
  // 'EXIT' and 'DOWN' of `dead` to the processes of this program. Requires relations_mutex_, so that nothing comes after
  // unlink() or demonitor().
  void tell(Pid dead, const Term& reason, const Survivors& survivors);
  // Lets the Uplink watch `pid` exactly when a relation wants it.
  void update_watch(Pid pid);

  std::shared_ptr<Process> root_;
  Uplink& uplink_;
  Gate gate_;  // of uplink_: closed by close()
  std::atomic<bool> names_watched_{false};

  Timers timers_;
  std::mutex timer_process_mutex_;
  std::optional<Pid> timer_process_;  // guarded by timer_process_mutex_

  mutable std::mutex watch_mutex_;
  std::set<Pid> watched_;  // guarded by watch_mutex_

  mutable std::mutex relations_mutex_;
  mutable std::condition_variable process_ended_;
  // Guarded by relations_mutex_:
  std::uint32_t next_index_ = 1;
  std::map<std::uint32_t, std::shared_ptr<Process>> processes_;  // spawned ones that have not ended
  std::set<std::uint32_t> ending_;                               // those that have, whose threads still clean up
  Relations relations_;
  std::set<std::uint32_t> name_subscribers_;
};

}  // namespace heirloom::process
