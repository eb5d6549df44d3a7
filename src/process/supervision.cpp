// SPDX-License-Identifier: Apache-2.0
#include "process/supervision.hpp"

#include "process/atoms.hpp"
#include "process/process_exit.hpp"
#include "process/start_process.hpp"
#include "process/supervisor_loop.hpp"

namespace heirloom::process {

namespace {

// Runs the supervisor and leaves on its board why it ended.
void supervise(SupervisorLoop& loop, SupervisorBoard& board) {
  try {
    const Term reason = loop.run();
    board.end(reason);
    exit(reason);
  } catch (...) {
    board.end(reason_of_current_exception());
    throw;
  }
}

Pid start(const Acting& parent, bool linked, const SupervisorOptions& options, std::vector<ChildSpec> children,
          const std::shared_ptr<SupervisorBoard>& board) {
  const auto loop = std::make_shared<SupervisorLoop>(options, std::move(children), parent.process->pid(), board);
  return start_process(parent, linked, [loop, board] {
    loop->start();
    return [loop, board] { supervise(*loop, *board); };
  });
}

}  // namespace

Supervision::Supervision(std::shared_ptr<Host> host, const SupervisorOptions& options, std::vector<ChildSpec> children)
    : host_(std::move(host)),
      board_(std::make_shared<SupervisorBoard>()),
      pid_(process::start(acting_in(host_), false, options, std::move(children), board_)) {}

Supervision::~Supervision() { stop(); }

ChildSpec Supervision::child_spec(Atom id, const SupervisorOptions& options, std::vector<ChildSpec> children) {
  return {.id = id,
          .start =
              [options, children = std::move(children)] {
                return process::start(acting(), true, options, children, std::make_shared<SupervisorBoard>());
              },
          .shutdown = kInfinity,
          .type = ChildType::supervisor};
}

Term Supervision::wait() {
  host_->wait_until_ended(pid_, std::nullopt);
  return *board_->reason();
}

void Supervision::stop() {
  host_->send(host_->acting(), pid_, atoms().stop_supervisor);
  host_->wait_until_ended(pid_, std::nullopt);
}

void Supervision::ask(SupervisorBoard::Request request) {
  const auto task = board_->leave(std::move(request));
  host_->send(host_->acting(), pid_, atoms().supervisor_request);
  board_->wait(*task);
}

Pid Supervision::start_child(ChildSpec child) {
  Pid pid{};
  ask([&](SupervisorLoop& loop) { pid = loop.start_child(std::move(child)); });
  return pid;
}

void Supervision::terminate_child(Atom id) {
  ask([&](SupervisorLoop& loop) { loop.terminate_child(id); });
}

Pid Supervision::restart_child(Atom id) {
  Pid pid{};
  ask([&](SupervisorLoop& loop) { pid = loop.restart_child(id); });
  return pid;
}

void Supervision::delete_child(Atom id) {
  ask([&](SupervisorLoop& loop) { loop.delete_child(id); });
}

}  // namespace heirloom::process
