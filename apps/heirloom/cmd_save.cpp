// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "command.hpp"
#include "file_progress.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

struct Options : LookAtTable {
  std::string file;
  bool sync = false;
};

int save(const Options& options) {
  FileProgress progress;
  const Node node = observe(options.node);
  tab2file(require_table(node, options.table), options.file,
           {.sync = options.sync, .object_count = true, .md5sum = true, .progress = progress.function()});
  if (options.json) {
    print(fmt::format("{{\"objects\":{},\"bytes\":{}}}\n", progress.reached().objects, progress.reached().bytes));
  }
  return kOk;
}

}  // namespace

void add_save(CLI::App& app, Chosen& chosen) {
  const auto [command, options] = add_look(app, chosen, "save", "Write a table into a file, as ets:tab2file does",
                                           "{\"objects\": N, \"bytes\": N}", &save);
  command->footer(
      "`heirloom load` reads it, and so does ets:file2tab; it ends with a checksum and the number of its objects. It\n"
      "appears under its name when it is whole, and a file that had the name is there until then, and after a "
      "failure.\n"
      "What others write meanwhile is in it or not, object by object.");
  command->add_option("FILE", options->file, "The file to be written")->required();
  command->add_flag("--sync", options->sync, "Return when the file is on the disk");
}

}  // namespace heirloom::cli
