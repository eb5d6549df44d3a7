// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

std::string sentence_of(const TableInfo::HeldUp& held_up) {
  return fmt::format("by program {} (process {}, {}), which reads in epoch {}, {} ago; {} bytes wait", held_up.program,
                     held_up.process, held_up.name, held_up.epoch, held_up.epochs, held_up.waiting_bytes);
}

int tell(const LookAtTable& options) {
  const Node node = observe(options.node);
  const TableInfo info = require_table(node, options.table).info();
  auto members = to_json(info);
  if (options.json) {
    print(to_line(members));
  } else {
    if (info.held_up) members["held_up"] = sentence_of(*info.held_up);
    print(to_lines(members));
  }
  return kOk;
}

}  // namespace

void add_info(CLI::App& app, Chosen& chosen) {
  add_look(app, chosen, "info", "Tell about a table: options, owner, size, what was repaired", "One JSON object",
           &tell);
}

}  // namespace heirloom::cli
