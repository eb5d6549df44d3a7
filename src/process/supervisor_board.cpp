// SPDX-License-Identifier: Apache-2.0
#include "process/supervisor_board.hpp"

#include "process/process_exit.hpp"

namespace heirloom::process {

std::future<void> SupervisorBoard::leave(Request request) {
  Task task([request = std::move(request)](SupervisorLoop* loop) {
    if (loop == nullptr) throw Error(ErrorCode::noproc, "ask a supervisor", "it has ended");
    try {
      request(*loop);
    } catch (const ProcessExit& exit) {  // of the supervisor, not of who asks
      throw Error(ErrorCode::noproc, "ask a supervisor", "it ended meanwhile: " + to_string(exit.reason));
    }
  });
  std::future<void> done = task.get_future();
  const std::lock_guard lock(mutex_);
  if (reason_) {
    task(nullptr);
  } else {
    tasks_.push_back(std::move(task));
  }
  return done;
}

void SupervisorBoard::show(Children children, ChildCount count) {
  const std::lock_guard lock(mutex_);
  children_ = std::move(children);
  count_ = count;
}

void SupervisorBoard::do_requests(SupervisorLoop& loop) {
  for (;;) {
    Task task;
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task(&loop);
  }
}

void SupervisorBoard::end(const Term& reason) {
  const std::lock_guard lock(mutex_);
  reason_ = reason;
  for (Task& task : tasks_) task(nullptr);
  tasks_.clear();
}

SupervisorBoard::Children SupervisorBoard::children() const {
  const std::lock_guard lock(mutex_);
  return children_;
}

ChildCount SupervisorBoard::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::optional<Term> SupervisorBoard::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

}  // namespace heirloom::process
