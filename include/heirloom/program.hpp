// SPDX-License-Identifier: Apache-2.0
//
// Programs as children: a supervisor starts, restarts and ends a program of the operating system as it does a process of its own. A
// process of the node stands for the program: it is started with it, and ends when the program has ended.
//
//   Supervisor supervisor(node, {}, {TableManager::child_spec({.table_id = "jobs"_atom, .find_me = "worker"_atom}),
//                                    program_child("worker"_atom, {.command = {"./worker", "--fast"}})});
//
// | the program                              | the process that stands for it ends with                      |
// |------------------------------------------|---------------------------------------------------------------|
// | ends with status 0                       | normal                                                        |
// | ends with status N                       | {exit_status, N}; `unknown` when somebody else took the status |
// | is ended by signal N                     | {signal, N}                                                   |
// | was told to end, and ends well or by that | shutdown                                                      |
//
// The process is told to end by an exit signal, as from its supervisor; it sends the program SIGTERM. When it is killed - the supervisor
// waits no longer -, the program gets SIGKILL. A host that is itself killed by SIGKILL leaves its programs behind: under
// systemd or in a container they end with it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "heirloom/supervisor.hpp"

namespace heirloom {

struct Program {
  std::vector<std::string> command;  // the program, looked up in $PATH unless it has a slash, and its arguments
  std::vector<std::pair<std::string, std::string>> environment = {};  // beside that of this program
};

// Errors of the start: not_found (no such program), not_permitted (it cannot be run), badarg (an empty command), system_limit, io.
Pid start_program(const Program& program, bool linked = false);
ChildSpec program_child(Atom id, const Program& program);

}  // namespace heirloom
