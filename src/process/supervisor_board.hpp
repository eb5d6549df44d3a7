// SPDX-License-Identifier: Apache-2.0
//
// SupervisorBoard: what a supervisor's process and the threads that use it leave for each other: its children, for all to
// see; what it shall do; and why it ended.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "heirloom/supervisor.hpp"

namespace heirloom::process {

class SupervisorLoop;

class SupervisorBoard {
 public:
  using Children = std::vector<std::pair<Atom, std::optional<Pid>>>;
  using Request = std::function<void(SupervisorLoop&)>;

  // A request that was left. Exactly one thread waits for it.
  struct Task {
    Request request;
    bool done = false;           // guarded by mutex_, as failure
    std::exception_ptr failure;  // what it threw
  };
  [[nodiscard]] std::shared_ptr<Task> leave(Request request);
  // Returns when the request was done; throws what it threw, and Error{noproc} when the supervisor ended first.
  void wait(Task& task);

  // For the supervisor's process.
  void show(Children children, ChildCount count);
  void do_requests(SupervisorLoop& loop);
  void end(const Term& reason);

  [[nodiscard]] Children children() const;
  [[nodiscard]] ChildCount count() const;
  [[nodiscard]] std::optional<Term> reason() const;  // of its end

 private:
  void finish(Task& task, std::exception_ptr failure);

  mutable std::mutex mutex_;
  std::condition_variable finished_;
  Children children_;  // guarded by mutex_, as all that follows
  ChildCount count_;
  std::deque<std::shared_ptr<Task>> tasks_;
  std::optional<Term> reason_;
};

}  // namespace heirloom::process
