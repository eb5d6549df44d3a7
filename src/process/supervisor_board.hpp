// SPDX-License-Identifier: Apache-2.0
//
// SupervisorBoard: what a supervisor's process and the threads that use it leave for each other: its children, for all to
// see; what it shall do; and why it ended.
#pragma once

#include <deque>
#include <functional>
#include <future>
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

  // Becomes ready when the request was done, with what it threw, or Error{noproc} when the supervisor ended first.
  [[nodiscard]] std::future<void> leave(Request request);

  // For the supervisor's process.
  void show(Children children, ChildCount count);
  void do_requests(SupervisorLoop& loop);
  void end(const Term& reason);

  [[nodiscard]] Children children() const;
  [[nodiscard]] ChildCount count() const;
  [[nodiscard]] std::optional<Term> reason() const;  // of its end

 private:
  using Task = std::packaged_task<void(SupervisorLoop*)>;

  mutable std::mutex mutex_;
  Children children_;  // guarded by mutex_, as all that follows
  ChildCount count_;
  std::deque<Task> tasks_;
  std::optional<Term> reason_;
};

}  // namespace heirloom::process
