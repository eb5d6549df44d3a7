// SPDX-License-Identifier: Apache-2.0
//
// FakeNode: for tests, a node in memory: several programs, each with a Host, and a manager that is one thread working through
// a queue, as the real one is at the end of a socket. Names, watches and signals between programs are real; tables are not,
// but a test may say what the manager does before it acknowledges an exit.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "process/host.hpp"

namespace heirloom::process {

class FakeNode {
 public:
  FakeNode();
  // Closes what is open.
  ~FakeNode();
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;

  // The Host of one more program, numbered from 1.
  std::shared_ptr<Host> open_program();
  // A program dies without a word, as by SIGKILL: the others learn of it. What its threads still do reaches nobody.
  void kill_program(std::uint32_t program);
  // What the manager does about the tables of a process that ended, before it acknowledges: runs on its thread.
  void when_exited(std::function<void(Pid, const Term&)> move_tables);
  // Waits until the manager has worked off all that was asked of it before.
  void settle();

 private:
  class Connection;
  struct Program {
    std::unique_ptr<Connection> uplink;
    std::shared_ptr<Host> host;
    std::set<std::uint32_t> processes{0};
    std::set<Pid> watched;
    bool watches_names = false;
    bool alive = true;
  };

  void work();
  void post(std::function<void()> task);
  template <typename Call>
  auto ask(Call call);

  // All below run on the manager's thread.
  [[nodiscard]] bool is_alive(Pid pid) const;
  void watch(std::uint32_t program, Pid pid);
  void ended(Pid pid, const Term& reason);
  void names_changed();
  Status register_name(Atom name, Pid pid);
  Status unregister_name(Atom name);

  std::map<std::uint32_t, Program> programs_;  // changed by the manager's thread only, but for additions
  std::map<Atom, Pid> names_;
  std::function<void(Pid, const Term&)> move_tables_;

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::thread manager_;
};

}  // namespace heirloom::process
