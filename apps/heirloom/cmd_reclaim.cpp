// SPDX-License-Identifier: Apache-2.0
//
// reclaim and drop: what an operator does about a table whose owner does not let go of it, or that nobody needs any more.
#include <memory>

#include "command.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::string table;
};

void add(CLI::App& app, Chosen& chosen, const char* name, const char* description, const char* footer,
         int (*act)(const Options&)) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(name, description);
  command->footer(footer);
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table's name")->required();
  command->callback([&chosen, options, act] { chosen = [options, act] { return act(*options); }; });
}

int reclaim(const Options& options) {
  require_table(join(options.node), options.table).reclaim();
  return kOk;
}

int drop(const Options& options) {
  require_table(join(options.node), options.table).drop();
  return kOk;
}

}  // namespace

void add_reclaim(CLI::App& app, Chosen& chosen) {
  add(app, chosen, "reclaim", "Take a table from its owner, as if that had died",
      "The table goes to its heir - a table manager hands it to another user -, or waits with the node. The\n"
      "former owner lives on and can write to it no more.",
      &reclaim);
}

void add_drop(CLI::App& app, Chosen& chosen) {
  add(app, chosen, "drop", "Delete a table that is public or that nobody owns",
      "A table that has an owner must be reclaimed or set aside first.", &drop);
}

}  // namespace heirloom::cli
