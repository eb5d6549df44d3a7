// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"

namespace heirloom::cli {

namespace {

int tell(const LookAtTable& options) {
  const Node node = observe(options.node);
  const auto info = to_json(require_table(node, options.table).info());
  print(options.json ? to_line(info) : to_lines(info));
  return kOk;
}

}  // namespace

void add_info(CLI::App& app, Chosen& chosen) {
  add_look(app, chosen, "info", "Tell about a table: options, owner, size, what was repaired", "One JSON object",
           &tell);
}

}  // namespace heirloom::cli
