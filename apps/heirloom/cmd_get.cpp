// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

struct Options : LookAtTable {
  std::string key;
};

int get(const Options& options) {
  const Term key = parse_argument(options.key, "KEY");
  const Node node = observe(options.node);
  const Objects objects = require_table(node, options.table).lookup(key);
  if (objects.empty())
    throw NotFound(fmt::format("table \"{}\" has no object with the key {}", options.table, to_string(key)));
  for (const Term& object : objects) print(options.json ? to_line(object_to_json(object)) : to_string(object) + '\n');
  return kOk;
}

}  // namespace

void add_get(CLI::App& app, Chosen& chosen) {
  const auto [command, options] =
      add_look(app, chosen, "get", "Print the object of a key; exit status 1 when there is none",
               "A line {\"object\": ..., \"term\": \"...\"}", &get);
  command->add_option("KEY", options->key, "A term; put `--` before one that begins with a minus")->required();
}

}  // namespace heirloom::cli
