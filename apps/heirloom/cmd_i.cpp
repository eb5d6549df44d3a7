// SPDX-License-Identifier: Apache-2.0
//
// i: what ets:i/0 to ets:i/3 show.
#include <optional>
#include <string>

#include <fmt/format.h>

#include "command.hpp"
#include "options.hpp"
#include "table_list.hpp"
#include "viewer.hpp"

namespace heirloom::cli {

namespace {

struct Options : Look {
  std::optional<std::string> table;
  std::optional<std::size_t> height;
  std::optional<std::size_t> width;
};

// Another table may have got the name since it was looked at.
void kill(const Options& options, const std::string& id) {
  Table table = require_table(join(options.node), *options.table);
  if (table.id() != id) {
    throw NotFound(
        fmt::format("the table \"{}\" that was shown is gone, and another one has its name", *options.table));
  }
  table.drop();
}

int view(const Options& options) {
  if (options.json) throw UsageError("--json is for the list of tables; there is dump --json for objects");
  const PageSize size = page_size();
  const Table table = require_table(observe(options.node), *options.table);
  Viewer viewer(table, {options.height.value_or(size.height), options.width.value_or(size.width)});
  if (viewer.run() == Viewer::End::kill) kill(options, table.id());
  return kOk;
}

int look(const Options& options) { return options.table ? view(options) : list_tables(options); }

}  // namespace

void add_i(CLI::App& app, Chosen& chosen) {
  const auto [command, options] = add_look(app, chosen, "i", "Show a table page by page, or list the tables",
                                           "An array of objects, as `ls`; without TABLE", &look);
  command->footer(
      "Reads from standard input what comes next, a line each: c, or an empty line, the next page; q the end; pN the\n"
      "whole object N; /REGEXP the objects whose text an extended regular expression finds, from the first on; k\n"
      "deletes the table, once that is confirmed.");
  command->add_option("TABLE", options->table, "The table's name");
  command->add_option("--height", options->height, "Of a page, in lines (default: that of the terminal, or 20)")
      ->type_name("LINES")
      ->check(CLI::Range(2, 1'000'000).description(""));
  command->add_option("--width", options->width, "Of a page, in characters (default: that of the terminal, or 80)")
      ->type_name("CHARACTERS")
      ->check(CLI::Range(kPageWidthMin, kPageWidthMax).description(""));
}

}  // namespace heirloom::cli
