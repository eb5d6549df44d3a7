// SPDX-License-Identifier: Apache-2.0
//
// Manager: the node's manager, on a thread of its own - in a program that has the node open, or in `heirloom serve`. It
// surrounds ManagerState with what that must not know: the socket, the journal, the segments, the deaths.
//
// **Threads.** The manager's thread talks to the programs; a death is settled on the thread of the death watch that saw it,
// since waking another one would cost as much as all that is done then. Both hold round_mutex_ while they work, which guards
// everything here, and not while they wait; so fork() finds it between two rounds.
//
// **Death.** Nothing here needs to end well: the lock, the socket and the connections end with the program, and the next
// manager finds all it needs in the journal, the segments and the process files.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "node/back_off.hpp"
#include "node/channel.hpp"
#include "node/death_watch.hpp"
#include "node/directory.hpp"
#include "node/journal.hpp"
#include "node/manager_lock.hpp"
#include "node/manager_state.hpp"
#include "node/segments.hpp"
#include "node/watchdogs.hpp"
#include "os/poller.hpp"
#include "shm/peers.hpp"

namespace heirloom::node {

using Log = std::function<void(const std::string&)>;

class Manager final : private ManagerEffects {
 public:
  // Adopts the directory and listens; when it returns, programs can connect.
  static Result<std::unique_ptr<Manager>> start(std::shared_ptr<const Directory> directory, ManagerLock lock,
                                                shm::Attachment attachment, Log log = {});
  // Ends the connections and gives the lock back. The tables stay as they are.
  ~Manager() override;

  // Around fork(): no descriptor of the manager may live on in the child.
  void before_fork() { round_mutex_.lock(); }
  void after_fork_in_parent() { round_mutex_.unlock(); }
  void after_fork_in_child() noexcept;

 private:
  struct Connection {
    Connection(os::Fd socket, std::int32_t from, std::uint64_t nth)
        : channel(std::move(socket)), process(from), number(nth) {}
    Channel channel;
    const std::int32_t process;  // of the operating system, as the kernel says
    const std::uint64_t number;  // of connections, in their order
    std::uint32_t program = 0;   // 0 until it has said Hello
    os::Fd pidfd;
    bool broken = false;
  };

  Manager(std::shared_ptr<const Directory> directory, ManagerLock lock, shm::Attachment attachment, Log log,
          os::Poller poller, Ledger ledger, Journal journal);

  // -- adoption, before the thread runs (manager_adopt.cpp) --
  static Result<Journal::Replayed> read_journal(const Directory& directory, const Log& log);
  Status adopt_segments();
  void adopt_stranger(const std::string& id);
  void adopt_programs();
  void adopt_program(std::uint32_t program);
  void remove_leftovers();
  void remove_process_file(std::uint32_t program);
  void remove_dead_process_files();
  void remove_unfinished_process_file(const std::string& name);
  void remove_files_of_the_stopped();
  Status listen();

  // -- the thread --
  void run();
  void accept_connections();
  void serve(int descriptor);
  void read_from(Connection& connection);
  enum class Taken { message, part, nothing };
  Taken take_message(Connection& connection);
  void choose_readiness(Connection& connection);
  void drop_silent_connections(std::size_t allowed);
  bool handle(Connection& connection, const std::string& message);
  bool greet(Connection& connection, const wire::ToManager& message);
  bool watch_life(std::uint32_t program);
  void watch_pidfd(Connection& connection);
  os::Fd unwatch_pidfd(os::Fd pidfd);
  os::Fd take_pidfd(std::uint32_t program);
  void drop(int descriptor);
  void drop_broken();
  void died(std::uint32_t program);  // on a thread of the death watch
  void settle_death(std::uint32_t program);
  void bury(std::uint32_t program);
  void end_the_hung();  // manager_watchdogs.cpp
  [[nodiscard]] const os::Fd* pidfd_of(std::uint32_t program) const;

  // -- what could not be done (manager_retry.cpp) --
  [[nodiscard]] std::size_t unfinished() const;
  std::optional<std::chrono::milliseconds> time_until_retry();
  std::optional<std::chrono::milliseconds> time_until_next_look();
  void retry_if_due();
  void note_trouble(const std::string& what, const std::string& why);
  void say_now_and_then(const std::string& text);
  void pause_listener(const Failure& why);
  void listen_again();

  // -- ManagerEffects --
  void send(std::uint32_t program, const wire::ToProgram& message) override;
  Status record(std::span<const Record> records) override;
  std::int64_t now() override;
  void explain_ends() override;
  void tell_repair(const std::string& table, const wire::Repair& repair) override;
  void watch_beats(std::uint32_t program) override;
  Status create_segment(const wire::TableFacts& table) override;
  Status open_segment(const std::string& id) override { return segments_.open(id); }
  Result<std::uint64_t> set_owner(const wire::TableFacts& table) override;
  Status delete_segment(const std::string& id) override;
  void set_aside_segment(const std::string& id, const Failure& why) override;

  void say(const std::string& text) const {
    if (log_) log_(text);
  }

  std::shared_ptr<const Directory> directory_;
  ManagerLock lock_;
  shm::Attachment attachment_;
  Log log_;
  os::Poller poller_;
  Journal journal_;
  bool journal_behind_ = false;  // a record could not be written: the journal must be written anew before the next one
  Segments segments_;
  ManagerState state_;
  os::Fd listener_;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::map<std::uint32_t, Connection*> by_program_;
  // Dead programs, each with its pidfd if it sent one, whose threads the kernel may not have stopped all yet: the life word that
  // told the death is one thread's. Their files stay until then (Peers::runs).
  Watchdogs watchdogs_;
  std::uint64_t accepted_ = 0;  // connections so far
  std::map<std::uint32_t, os::Fd> stopping_programs_;
  std::map<std::uint32_t, os::Fd> pidfds_;       // of programs whose connection ended, but not their life
  std::map<std::uint32_t, os::Fd> unexplained_;  // pidfds of the gone, who owned tables and ended nobody knows how yet
  std::set<std::uint32_t> watched_;              // programs on the death watch
  std::set<std::uint32_t> dead_;                 // settled, and not buried yet
  bool round_wanted_ = false;  // something was left for the manager's thread that it does not see by itself

  using Clock = std::chrono::steady_clock;
  std::set<std::string> strangers_;    // segments that the journal does not know, and that could not be looked at
  std::set<std::uint32_t> unwatched_;  // programs whose life words could not be looked at
  bool listener_pauses_ = false;
  BackOff back_off_{std::chrono::milliseconds(1), std::chrono::milliseconds(1000)};
  std::optional<Clock::time_point> next_try_;
  bool retrying_ = false;
  std::string trouble_;                            // the last of it
  std::map<std::string, Clock::time_point> said_;  // lately

  std::mutex round_mutex_;
  bool stopping_ = false;

  std::optional<DeathWatch> death_watch_;
  std::thread thread_;
};

}  // namespace heirloom::node
