// SPDX-License-Identifier: Apache-2.0
#include "process/supervisor_loop.hpp"

#include <algorithm>
#include <exception>
#include <sstream>
#include <utility>

#include "heirloom/process.hpp"

#include "process/atoms.hpp"
#include "process/log.hpp"
#include "process/process_exit.hpp"
#include "process/receiving.hpp"

namespace heirloom::process {

namespace {

// normal, shutdown and {shutdown, Term}: ends that were meant.
bool is_planned(const Term& reason) {
  const bool is_detailed_shutdown =
      reason.is_tuple() && reason.size() == 2 && reason.element(1) == Term(atoms().shutdown);
  return reason == Term(atoms().normal) || reason == Term(atoms().shutdown) || is_detailed_shutdown;
}

bool wants_restart(Restart restart, const Term& reason) {
  switch (restart) {
    case Restart::permanent: return true;
    case Restart::transient: return !is_planned(reason);
    case Restart::temporary: return false;
  }
  return false;
}

template <typename... Parts>
void log(const Parts&... parts) {
  std::ostringstream line;
  line << "supervisor: ";
  (line << ... << parts);
  log_line(line.str());
}

}  // namespace

SupervisorLoop::SupervisorLoop(const SupervisorOptions& options, std::vector<ChildSpec> specs, Pid parent,
                               std::shared_ptr<Supervision::Board> board)
    : options_(options), parent_(parent), board_(std::move(board)) {
  for (ChildSpec& spec : specs) children_.push_back({std::move(spec), std::nullopt});
}

void SupervisorLoop::start() {
  trap_exit(true);
  try {
    for (Child& child : children_) start_child(child);
  } catch (const ProcessExit&) {
    throw;  // it was killed: its children are linked to it
  } catch (...) {
    end_children();
    throw;
  }
}

Term SupervisorLoop::run() {
  for (;;) {
    const Term message = receive();
    if (message == Term(atoms().stop_supervisor)) {
      end_children();
      return atoms().shutdown;
    }
    if (!is_exit(message)) continue;
    const Pid from = message.element(2).as_pid();
    const Term reason(message.element(3));
    if (Child* child = find(from)) {
      if (child_ended(*child, reason)) continue;
      end_children();
      return atoms().shutdown;
    }
    if (from == parent_) {
      end_children();
      return reason;
    }
  }
}

void SupervisorLoop::start_child(Child& child) {
  child.pid = child.spec.start();
  publish();
}

bool SupervisorLoop::child_ended(Child& child, const Term& reason) {
  child.pid.reset();
  publish();
  if (!is_planned(reason)) log("child ", child.spec.id, " ended: ", reason);
  return !wants_restart(child.spec.restart, reason) || restart(child);
}

bool SupervisorLoop::restart(Child& child) {
  // A start that fails counts as a restart, so this ends.
  while (may_restart()) {
    try {
      start_child(child);
      return true;
    } catch (const std::exception& error) {
      log("child ", child.spec.id, " did not start: ", error.what());
    }
  }
  log("gives up: more than ", options_.intensity, " restarts within ", options_.period.count(), " ms");
  return false;
}

bool SupervisorLoop::may_restart() {
  const auto now = std::chrono::steady_clock::now();
  restarts_.push_back(now);
  while (now - restarts_.front() > options_.period) restarts_.pop_front();
  return restarts_.size() <= static_cast<std::size_t>(std::max(options_.intensity, 0));
}

void SupervisorLoop::end_children() {
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (!child->pid) continue;
    end_child(*child);
    child->pid.reset();
    publish();
  }
}

void SupervisorLoop::end_child(const Child& child) {
  const Pid pid = *child.pid;
  const Term reference = monitor(pid);
  const auto ended_within = [&](std::chrono::milliseconds timeout) {
    return receive_if([&](const Term& message) { return is_down(message, reference); }, timeout).has_value();
  };
  heirloom::exit(pid, atoms().shutdown);
  if (!ended_within(child.spec.shutdown)) {
    heirloom::exit(pid, atoms().kill);
    // OTP would wait for ever, but a thread that does not receive cannot be killed.
    if (!ended_within(child.spec.shutdown)) log("child ", child.spec.id, " does not end and is left behind");
  }
  unlink(pid);
  receive_if([&](const Term& message) { return is_exit(message) && message.element(2).as_pid() == pid; },
             std::chrono::milliseconds(0));
}

SupervisorLoop::Child* SupervisorLoop::find(Pid pid) {
  const auto found = std::ranges::find(children_, std::optional(pid), &Child::pid);
  return found == children_.end() ? nullptr : &*found;
}

void SupervisorLoop::publish() {
  Supervision::Children shown;
  for (const Child& child : children_) shown.emplace_back(child.spec.id, child.pid);
  const std::lock_guard lock(board_->mutex);
  board_->children = std::move(shown);
}

}  // namespace heirloom::process
