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
  std::string object;
};

int put(const Options& options) {
  const Term object = parse_argument(options.object, "OBJECT");
  if (!object.is_tuple())
    throw UsageError(fmt::format("OBJECT `{}`: an object is a tuple, as {{alice, 41}}", options.object));
  Node node = join(options.node);
  writable_table(node, options.table).insert(object);
  return kOk;
}

}  // namespace

void add_put(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("put", "Insert an object into a public table, or into a node table that nobody owns");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table's name")->required();
  command->add_option("OBJECT", options->object, "A tuple, as '{alice, 41}'")->required();
  command->callback([&chosen, options] { chosen = [options] { return put(*options); }; });
}

}  // namespace heirloom::cli
