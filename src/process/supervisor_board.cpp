// SPDX-License-Identifier: Apache-2.0
#include "process/supervisor_board.hpp"

#include "process/process_exit.hpp"

namespace heirloom::process {

namespace {

// What the request threw. A signal that ends the supervisor meanwhile is for it, not for who asks: its next receive has it.
std::exception_ptr failure_of(const SupervisorBoard::Request& request, SupervisorLoop& loop) {
  try {
    request(loop);
    return nullptr;
  } catch (const ProcessExit& exit) {
    return std::make_exception_ptr(
        Error(ErrorCode::noproc, "ask a supervisor", "it ended meanwhile: " + to_string(exit.reason)));
  } catch (...) {
    return std::current_exception();
  }
}

std::exception_ptr has_ended() {
  return std::make_exception_ptr(Error(ErrorCode::noproc, "ask a supervisor", "it has ended"));
}

}  // namespace

std::shared_ptr<SupervisorBoard::Task> SupervisorBoard::leave(Request request) {
  auto task = std::make_shared<Task>(Task{std::move(request)});
  const std::lock_guard lock(mutex_);
  if (reason_) {
    task->done = true;
    task->failure = has_ended();
  } else {
    tasks_.push_back(task);
  }
  return task;
}

// The exception is moved, so that one thread after the other owns it.
void SupervisorBoard::wait(Task& task) {
  std::exception_ptr failure;
  {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return task.done; });
    failure = std::move(task.failure);
  }
  if (failure) std::rethrow_exception(std::move(failure));
}

void SupervisorBoard::finish(Task& task, std::exception_ptr failure) {
  {
    const std::lock_guard lock(mutex_);
    task.done = true;
    task.failure = std::move(failure);
  }
  finished_.notify_all();
}

void SupervisorBoard::show(Children children, ChildCount count) {
  const std::lock_guard lock(mutex_);
  children_ = std::move(children);
  count_ = count;
}

void SupervisorBoard::do_requests(SupervisorLoop& loop) {
  for (;;) {
    std::shared_ptr<Task> task;
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    finish(*task, failure_of(task->request, loop));
  }
}

void SupervisorBoard::end(const Term& reason) {
  std::deque<std::shared_ptr<Task>> unanswered;
  {
    const std::lock_guard lock(mutex_);
    reason_ = reason;
    unanswered.swap(tasks_);
  }
  for (const auto& task : unanswered) finish(*task, has_ended());
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
