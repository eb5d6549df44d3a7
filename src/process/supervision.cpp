// SPDX-License-Identifier: Apache-2.0
#include "process/supervision.hpp"

#include "process/atoms.hpp"
#include "process/process_exit.hpp"
#include "process/start_process.hpp"
#include "process/supervisor_loop.hpp"

namespace heirloom::process {

namespace {

// Runs the supervisor and leaves on its board why it ended.
void supervise(SupervisorLoop& loop, Supervision::Board& board) {
  const auto leave = [&](const Term& reason) {
    const std::lock_guard lock(board.mutex);
    board.reason = reason;
  };
  try {
    const Term reason = loop.run();
    leave(reason);
    exit(reason);
  } catch (...) {
    leave(reason_of_current_exception());
    throw;
  }
}

}  // namespace

Supervision::Supervision(std::shared_ptr<Host> host, const SupervisorOptions& options, std::vector<ChildSpec> children)
    : host_(std::move(host)), board_(std::make_shared<Board>()) {
  const Acting parent = acting_in(host_);
  const auto loop = std::make_shared<SupervisorLoop>(options, std::move(children), parent.process->pid(), board_);
  pid_ = start_process(parent, false, [loop, board = board_] {
    loop->start();
    return [loop, board] { supervise(*loop, *board); };
  });
}

Supervision::~Supervision() { stop(); }

Term Supervision::wait() {
  host_->wait_until_ended(pid_, std::nullopt);
  const std::lock_guard lock(board_->mutex);
  return *board_->reason;
}

void Supervision::stop() {
  host_->send(host_->acting(), pid_, atoms().stop_supervisor);
  host_->wait_until_ended(pid_, std::nullopt);
}

Supervision::Children Supervision::which_children() const {
  const std::lock_guard lock(board_->mutex);
  return board_->children;
}

}  // namespace heirloom::process
