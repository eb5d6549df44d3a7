// SPDX-License-Identifier: Apache-2.0
//
// The process that stands for a program. It waits for both at once: the end of the program, and what arrives in its mailbox.
#include "heirloom/program.hpp"

#include <csignal>
#include <cstdlib>  // what a wait status means
#include <memory>

#include "os/program.hpp"
#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/receiving.hpp"
#include "process/start_process.hpp"

namespace heirloom {

namespace {

using process::atoms;

class ProgramProcess {
 public:
  explicit ProgramProcess(os::Program program) : program_(std::move(program)) {}

  [[noreturn]] void run() {
    const int mailbox = receive_descriptor();
    while (!program_.ends_before(mailbox)) take_all();
    const std::optional<int> status = program_.status();
    if (status) {
      const process::Acting me = process::acting();
      me.host->with_uplink([&](process::Uplink& uplink) { uplink.report_exit(program_.pid(), *status); });
    }
    exit(reason_of(status));
  }

 private:
  // Whatever arrives is taken: a table that was handed to it goes back when it ends.
  void take_all() {
    const auto me = process::acting().process;
    const auto anything = [](const process::Message&) { return true; };
    while (const auto message = process::take(*me, anything, process::deadline_after(std::chrono::milliseconds(0)))) {
      const Term* const term = std::get_if<Term>(&*message);
      if (term == nullptr || !process::is_exit(*term)) continue;
      told_to_end_ = true;
      program_.signal(SIGTERM);
    }
  }

  [[nodiscard]] Term reason_of(const std::optional<int>& status) const {
    if (!status) return Term{Atom("exit_status"), Atom("unknown")};
    const bool well = *status == 0 || (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGTERM);
    if (told_to_end_ && well) return atoms().shutdown;
    if (WIFSIGNALED(*status)) return Term{Atom("signal"), WTERMSIG(*status)};
    if (WEXITSTATUS(*status) != 0) return Term{Atom("exit_status"), WEXITSTATUS(*status)};
    return atoms().normal;
  }

  os::Program program_;
  bool told_to_end_ = false;
};

}  // namespace

Pid start_program(const Program& program, bool linked) {
  const process::Acting parent = process::acting();
  return process::start_process(parent, linked, [program] {
    trap_exit(true);
    auto started = os::Program::start(program.command, program.environment);
    if (!started) std::move(started).failure().raise();
    const auto standing = std::make_shared<ProgramProcess>(*std::move(started));
    return [standing] { standing->run(); };
  });
}

ChildSpec program_child(Atom id, const Program& program) {
  return {.id = id, .start = [program] { return start_program(program, true); }};
}

}  // namespace heirloom
