// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "command.hpp"
#include "json.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::string table;
  bool json = false;
};

int dump(const Options& options) {
  const Node node = observe(options.node);
  for (const Term& object : require_table(node, options.table).tab2list()) {
    print(options.json ? to_line(object_to_json(object)) : to_string(object) + '\n');
  }
  return kOk;
}

}  // namespace

void add_dump(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("dump", "Print all objects of a table, one a line");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table's name")->required();
  command->add_flag("--json", options->json, "Lines {\"object\": ..., \"term\": \"...\"}");
  command->callback([&chosen, options] { chosen = [options] { return dump(*options); }; });
}

}  // namespace heirloom::cli
