// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::string table;
  bool json = false;
};

int tell(const Options& options) {
  const Node node = observe(options.node);
  const auto info = to_json(require_table(node, options.table).info());
  if (options.json) {
    print(to_line(info));
    return kOk;
  }
  for (const auto& [name, value] : info.items()) {
    const std::string text = value.is_null() ? "none" : value.is_string() ? value.get<std::string>() : value.dump();
    print(fmt::format("{:<17} {}\n", name, text));
  }
  return kOk;
}

}  // namespace

void add_info(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("info", "Tell about a table: options, owner, size, what was repaired");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table's name")->required();
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([&chosen, options] { chosen = [options] { return tell(*options); }; });
}

}  // namespace heirloom::cli
