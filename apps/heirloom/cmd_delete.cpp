// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include "command.hpp"
#include "options.hpp"
#include "writable_table.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::string table;
  std::string key;
};

int delete_key(const Options& options) {
  const Term key = parse_argument(options.key, "KEY");
  Node node = join(options.node);
  if (writable_table(node, options.table).take(key).empty()) {
    throw NotFound(fmt::format("table \"{}\" has no object with the key {}", options.table, to_string(key)));
  }
  return kOk;
}

}  // namespace

void add_delete(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("delete", "Delete the object of a key; exit status 1 when there is none");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table's name")->required();
  command->add_option("KEY", options->key, "A term; put `--` before one that begins with a minus")->required();
  command->callback([&chosen, options] { chosen = [options] { return delete_key(*options); }; });
}

}  // namespace heirloom::cli
