// SPDX-License-Identifier: Apache-2.0
//
// quarantine and release: tables that are set aside, because their data kills whoever reads it, or for a look in peace.
#include <memory>

#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::string table;
  std::string cause = "an operator set it aside";
  bool json = false;
  bool replace = false;
};

int list(const Options& options) {
  auto array = nlohmann::json::array();
  for (const TableInfo& info : observe(options.node).tables()) {
    if (!info.quarantine) continue;
    if (options.json) {
      array.push_back(to_json(info));
    } else {
      const std::string objects = info.damage ? "damaged" : fmt::format("{} objects", info.size);
      print(fmt::format("{}  {}  {}\n", info.name.text(), objects, info.quarantine->cause));
    }
  }
  if (options.json) print(to_line(array));
  return kOk;
}

int quarantine(const Options& options) {
  if (options.table.empty()) return list(options);
  require_table(join(options.node), options.table).quarantine(options.cause);
  return kOk;
}

// By the name that it has now, or by the one that it had, if that tells one.
Table table_set_aside(const Node& node, const std::string& name) {
  std::vector<Table> had_the_name;
  for (const TableInfo& info : node.tables()) {
    if (!info.quarantine) continue;
    if (info.name.text() == name) return node.open_table(info.name);
    if (info.quarantine->name.text() == name) had_the_name.push_back(node.open_table(info.name));
  }
  if (had_the_name.size() == 1) return had_the_name.front();
  if (had_the_name.empty()) throw NotFound(fmt::format("no table \"{}\" is set aside", name));
  throw UsageError(
      fmt::format("{} tables that had the name \"{}\" are set aside: say which, as `heirloom quarantine` lists them",
                  had_the_name.size(), name));
}

int release(const Options& options) {
  table_set_aside(join(options.node), options.table).release(options.replace);
  return kOk;
}

}  // namespace

void add_quarantine(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("quarantine", "List the tables that are set aside; or set one aside");
  command->footer(
      "A table that is set aside is owned and written by nobody. It is named TABLE@ID, so that its users can have\n"
      "a fresh one; under that name `get`, `dump`, `check` and `lineage` look at it. `release` gives it back,\n"
      "`drop` deletes it.");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table to be set aside; none: list those that are");
  command->add_option("--cause", options->cause, "Why, for people")->type_name("TEXT");
  command->add_flag("--json", options->json, "List as an array of objects, with all that `info` tells");
  command->callback([&chosen, options] { chosen = [options] { return quarantine(*options); }; });
}

void add_release(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("release", "Give a table that is set aside its name back, and to its heir");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "Its name, TABLE@ID; or TABLE, when only one had that name")->required();
  command->add_flag("--replace", options->replace, "Set a table aside that has the name by now");
  command->callback([&chosen, options] { chosen = [options] { return release(*options); }; });
}

}  // namespace heirloom::cli
