// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"

namespace heirloom::cli {

namespace {

int dump(const LookAtTable& options) {
  const Node node = observe(options.node);
  for (const Term& object : require_table(node, options.table).tab2list()) {
    print(options.json ? to_line(object_to_json(object)) : to_string(object) + '\n');
  }
  return kOk;
}

}  // namespace

void add_dump(CLI::App& app, Chosen& chosen) {
  add_look(app, chosen, "dump", "Print all objects of a table, one a line",
           "Lines {\"object\": ..., \"term\": \"...\"}", &dump);
}

}  // namespace heirloom::cli
