// SPDX-License-Identifier: Apache-2.0
#include "process/start_process.hpp"

#include <exception>
#include <memory>
#include <utility>

#include "process/atoms.hpp"
#include "process/process_exit.hpp"
#include "process/receiving.hpp"
#include "process/reference.hpp"

namespace heirloom::process {

namespace {

// Runs `init` in the new process. Its failure is left for the parent in `failure`, which the parent reads after 'DOWN'.
std::function<void()> initialize(const Init& init, Pid parent, bool linked, std::exception_ptr& failure) {
  const Acting me = acting();
  const auto fail_with = [&](std::exception_ptr error) {
    failure = std::move(error);
    if (linked) me.host->unlink(*me.process, parent);
  };
  try {
    return init();
  } catch (const ProcessExit& exit) {
    fail_with(std::make_exception_ptr(
        Error(ErrorCode::noproc, "start a process", "it ended while it started: " + to_string(exit.reason))));
    throw;
  } catch (...) {
    fail_with(std::current_exception());
    throw;
  }
}

}  // namespace

Pid start_process(const Acting& parent, bool linked, Init init) {
  const Term ready = make_reference(parent.host->program());
  const auto failure = std::make_shared<std::exception_ptr>();
  const Pid parent_pid = parent.process->pid();
  const auto body = [init = std::move(init), parent_pid, linked, failure, ready]() mutable {
    std::function<void()> loop = initialize(std::exchange(init, nullptr), parent_pid, linked, *failure);
    const Acting me = acting();
    me.host->send(me.process->pid(), parent_pid, Term{ready, atoms().started});
    loop();
  };
  const Host::Spawned child = parent.host->spawn(body, {linked ? parent.process.get() : nullptr, parent.process.get()});

  const Term started{ready, atoms().started};
  const auto is_answer = [&](const Term& message) { return message == started || is_down(message, child.monitor); };
  const Term answer = *take_term(*parent.process, is_answer, std::nullopt);
  if (answer == started) {
    parent.host->demonitor(*parent.process, child.monitor);
    parent.process->mailbox().remove([&](const Message& message) {
      const Term* term = std::get_if<Term>(&message);
      return term != nullptr && is_down(*term, child.monitor);
    });
    return child.pid;
  }
  if (*failure) std::rethrow_exception(*failure);
  throw Error(ErrorCode::noproc, "start a process", "it ended while it started: " + to_string(answer.element(5)));
}

}  // namespace heirloom::process
