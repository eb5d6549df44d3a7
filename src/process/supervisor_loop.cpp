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

[[noreturn]] void refuse(ErrorCode code, const char* operation, Atom id, const char* why) {
  throw Error(code, operation, to_string(Term(id)) + ' ' + why);
}

// How long a child that was killed may take to notice.
constexpr std::chrono::milliseconds kUnkillable{5000};

}  // namespace

SupervisorLoop::SupervisorLoop(const SupervisorOptions& options, std::vector<ChildSpec> specs, Pid parent,
                               std::shared_ptr<SupervisorBoard> board)
    : options_(options), parent_(parent), board_(std::move(board)) {
  for (ChildSpec& spec : specs) {
    if (find(spec.id) != nullptr) refuse(ErrorCode::badarg, "start a supervisor", spec.id, "is the id of two children");
    children_.push_back({std::move(spec)});
  }
}

void SupervisorLoop::start() {
  trap_exit(true);
  try {
    for (Child& child : children_) run_child(child);
  } catch (const ProcessExit& exit) {
    if (!exit.by_signal) end_all();
    throw;  // by a signal: its children are linked to it
  } catch (...) {
    end_all();
    throw;
  }
}

Term SupervisorLoop::run() {
  while (handle(receive())) continue;
  end_all();
  return reason_;
}

bool SupervisorLoop::handle(const Term& message) {
  if (message == Term(atoms().stop_supervisor)) {
    reason_ = atoms().shutdown;
    return false;
  }
  if (message == Term(atoms().supervisor_request)) {
    board_->do_requests(*this);
    return true;
  }
  if (message.is_tuple() && message.size() == 2 && message.element(1) == Term(atoms().try_again) &&
      message.element(2).is_atom()) {
    Child* child = find(message.element(2).as_atom());
    return child == nullptr || !child->restarting || restart(*child);
  }
  if (!is_exit(message)) return true;
  const Pid from = message.element(2).as_pid();
  if (Child* child = find(from)) return child_ended(*child, Term(message.element(3)));
  if (from != parent_) return true;
  reason_ = Term(message.element(3));
  return false;
}

bool SupervisorLoop::child_ended(Child& child, const Term& reason) {
  child.pid.reset();
  publish();
  if (!is_planned(reason)) log("child ", child.spec.id, " ended: ", reason);
  if (wants_restart(child.spec.restart, reason)) return restart(child);
  if (child.spec.restart == Restart::temporary) drop(child);
  return true;
}

bool SupervisorLoop::restart(Child& child) {
  child.restarting = false;
  if (!may_restart()) {
    log("gives up: more than ", options_.intensity, " restarts within ", options_.period.count(), " ms");
    reason_ = atoms().shutdown;
    return false;
  }
  const auto index = static_cast<std::size_t>(&child - children_.data());
  switch (options_.strategy) {
    case Strategy::one_for_one: start_again(index, index + 1); break;
    case Strategy::one_for_all:
      end_all();
      start_again(0, children_.size());
      break;
    case Strategy::rest_for_one:
      end_children(index + 1, children_.size());
      start_again(index, children_.size());
      break;
  }
  return true;
}

// When a start fails - by whatever is thrown; only a signal to the supervisor itself is none of the child's -, it is tried again by a
// message to itself, behind those that have come meanwhile: a supervisor whose child cannot be started can still be stopped.
void SupervisorLoop::start_again(std::size_t first, std::size_t last) {
  for (std::size_t index = first; index < last; ++index) {
    Child& child = children_[index];
    try {
      run_child(child);
      continue;
    } catch (const ProcessExit& exit) {
      if (exit.by_signal) throw;
      log("child ", child.spec.id, " did not start: ", exit.reason);
    } catch (const std::exception& error) {
      log("child ", child.spec.id, " did not start: ", error.what());
    } catch (...) {
      log("child ", child.spec.id, " did not start: it threw what is no std::exception");
    }
    child.restarting = true;
    send(self(), Term{atoms().try_again, child.spec.id});
    return;
  }
}

bool SupervisorLoop::may_restart() {
  const auto now = std::chrono::steady_clock::now();
  restarts_.push_back(now);
  while (now - restarts_.front() > options_.period) restarts_.pop_front();
  return restarts_.size() <= static_cast<std::size_t>(std::max(options_.intensity, 0));
}

// ------------------------------------------------------------------------------------------------------------- requests

Pid SupervisorLoop::start_child(ChildSpec spec) {
  if (find(spec.id) != nullptr) refuse(ErrorCode::already_exists, "start a child", spec.id, "is the id of another");
  Child child{std::move(spec)};
  child.pid = child.spec.start();
  const Pid pid = *child.pid;
  children_.push_back(std::move(child));
  publish();
  return pid;
}

void SupervisorLoop::terminate_child(Atom id) {
  Child& child = existing(id, "end a child");
  child.restarting = false;
  const auto index = static_cast<std::size_t>(&child - children_.data());
  end_children(index, index + 1);
}

Pid SupervisorLoop::restart_child(Atom id) {
  Child& child = ended(id, "start a child again");
  run_child(child);
  return *child.pid;
}

void SupervisorLoop::delete_child(Atom id) { drop(ended(id, "delete a child")); }

// ------------------------------------------------------------------------------------------------------------- children

void SupervisorLoop::run_child(Child& child) {
  child.pid = child.spec.start();
  publish();
}

void SupervisorLoop::end_children(std::size_t first, std::size_t last) {
  for (std::size_t index = last; index-- > first;) {
    Child& child = children_[index];
    child.restarting = false;
    if (child.pid) {
      end_child(child);
      child.pid.reset();
    }
    if (child.spec.restart == Restart::temporary)
      children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(index));
    publish();
  }
}

void SupervisorLoop::end_child(const Child& child) {
  const Pid pid = *child.pid;
  const Term reference = monitor(pid);
  const auto ended_within = [&](std::chrono::milliseconds timeout) {
    return receive_if([&](const Term& message) { return is_down(message, reference); }, timeout).has_value();
  };
  const bool brutally = child.spec.shutdown == kBrutalKill;
  if (!brutally) heirloom::exit(pid, atoms().shutdown);
  if (brutally || !ended_within(child.spec.shutdown)) {
    heirloom::exit(pid, atoms().kill);
    // OTP would wait for ever, but a thread that does not receive cannot be killed.
    if (!ended_within(kUnkillable)) log("child ", child.spec.id, " does not end and is left behind");
  }
  unlink(pid);
  receive_if([&](const Term& message) { return is_exit(message) && message.element(2).as_pid() == pid; },
             std::chrono::milliseconds(0));
}

void SupervisorLoop::drop(const Child& child) {
  children_.erase(children_.begin() + (&child - children_.data()));
  publish();
}

SupervisorLoop::Child* SupervisorLoop::find(Pid pid) {
  const auto found = std::ranges::find(children_, std::optional(pid), &Child::pid);
  return found == children_.end() ? nullptr : &*found;
}

SupervisorLoop::Child* SupervisorLoop::find(Atom id) {
  const auto found = std::ranges::find_if(children_, [&](const Child& child) { return child.spec.id == id; });
  return found == children_.end() ? nullptr : &*found;
}

SupervisorLoop::Child& SupervisorLoop::existing(Atom id, const char* operation) {
  Child* child = find(id);
  if (child == nullptr) refuse(ErrorCode::not_found, operation, id, "is no child of this supervisor");
  return *child;
}

SupervisorLoop::Child& SupervisorLoop::ended(Atom id, const char* operation) {
  Child& child = existing(id, operation);
  if (child.pid) refuse(ErrorCode::already_exists, operation, id, "is running");
  if (child.restarting) refuse(ErrorCode::already_exists, operation, id, "is about to be started again");
  return child;
}

void SupervisorLoop::publish() {
  SupervisorBoard::Children shown;
  ChildCount count{.specs = children_.size()};
  for (const Child& child : children_) {
    shown.emplace_back(child.spec.id, child.pid);
    count.active += child.pid ? 1 : 0;
    ++(child.spec.type == ChildType::supervisor ? count.supervisors : count.workers);
  }
  board_->show(std::move(shown), count);
}

}  // namespace heirloom::process
