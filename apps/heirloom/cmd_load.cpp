// SPDX-License-Identifier: Apache-2.0
//
// load: a table out of a file.
//
// A new table is filled under a name of its own, as an owned table: the manager deletes it when this program ends before it is whole, be
// it by `kill -9`. Then it becomes a node table and gets its name, in one step: nobody sees it half loaded. Why not a node table
// from the beginning? It would outlive this program, half filled.
#include <unistd.h>

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "command.hpp"
#include "file_progress.hpp"
#include "json.hpp"
#include "options.hpp"
#include "writable_table.hpp"

namespace heirloom::cli {

namespace {

using namespace literals;

struct Options {
  std::string node;
  std::string file;
  std::optional<std::string> name;
  std::optional<std::string> into;
  bool no_verify = false;
  std::uint64_t max_bytes = 0;
  bool show = false;
  bool json = false;
};

int show(const Options& options) {
  const auto info = to_json(tabfile_info(options.file));
  print(options.json ? to_line(info) : to_lines(info));
  return kOk;
}

// A table that others write to while it is saved has a number of objects that is true of no moment.
[[noreturn]] void explain_count(const TableFileError& error, const std::string& file) {
  const TableFileInfo info = tabfile_info(file);
  if (info.object_count || info.md5sum) throw TableFileError(error);
  constexpr const char* kHelp =
      " when saving began, and nothing else to go by; --no-verify takes what is there, as is right for a table that "
      "others wrote to meanwhile";
  throw Error(error.code(), error.operation(), error.detail() + kHelp);
}

Table load_with(const Node& node, const Options& options, File2Tab call) try {
  call.verify = !options.no_verify;
  return file2tab(node, options.file, call);
} catch (const TableFileError& error) {
  if (error.reason() != Term("invalid_object_count"_atom)) throw;
  explain_count(error, options.file);
}

void refuse_taken(const Node& node, Atom name) {
  if (!node.find_table(name)) return;
  throw Error(
      ErrorCode::already_exists, "load a table",
      fmt::format("there is a table \"{0}\"; --as gives the new one another name, and --into {0} adds to that one",
                  name.text()));
}

void drop_if_possible(Table& table) {
  try {
    table.drop();
  } catch (const Error&) {
    // What went wrong before is what is told.
  }
}

Table make_table(const Node& node, const Options& options, const File2Tab& call) try {
  return load_with(node, options, call);
} catch (const Error& error) {
  if (error.code() != ErrorCode::full || error.detail().find("max_bytes") == std::string::npos) throw;
  throw Error(error.code(), fmt::format("load a table from \"{}\"", options.file),
              error.detail() + "; --max-bytes lets the new one grow larger");
}

void load_new(const Options& options, FileProgress& progress, Atom name) {
  Node node = Node::open(required_node(options.node));  // made if it is not there
  refuse_taken(node, name);
  const Atom own_name(fmt::format("heirloom-load-{}", ::getpid()));
  File2Tab call{.name = own_name, .progress = progress.function()};
  if (options.max_bytes != 0) call.max_bytes = options.max_bytes;
  Table table = make_table(node, options, call);
  try {
    table.make_node_table(name);
  } catch (const Error&) {
    drop_if_possible(table);
    throw;
  }
}

void load_into(const Options& options, FileProgress& progress) try {
  Node node = join(options.node);
  load_with(node, options, {.table = writable_table(node, *options.into), .progress = progress.function()});
} catch (const Interrupted& interrupted) {
  throw Interrupted(interrupted.signal(), fmt::format("table \"{}\" has {} objects of the file by now", *options.into,
                                                      progress.reached().objects));
}

int load(const Options& options) {
  if (options.show) return show(options);
  required_node(options.node);
  FileProgress progress;
  std::string name = options.into.value_or("");
  if (options.into) {
    load_into(options, progress);
  } else {
    const Atom wanted = options.name ? table_name(*options.name, "--as") : tabfile_info(options.file).name;
    load_new(options, progress, wanted);
    name = wanted.text();
  }
  const TableFileProgress& reached = progress.reached();
  if (reached.bytes_skipped != 0)
    complain("load", fmt::format("{} bytes of \"{}\" were skipped", reached.bytes_skipped, options.file));
  if (options.json) {
    print(to_line({{"table", name},
                   {"objects", reached.objects},
                   {"bytes", reached.bytes},
                   {"bytes_skipped", reached.bytes_skipped}}));
  }
  return kOk;
}

}  // namespace

void add_load(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("load", "Make a table of a file, as ets:file2tab does");
  command->footer(
      "Reads what `heirloom save` and ets:tab2file write. The table belongs to the node, and appears under its name\n"
      "when it is whole; if the command fails or is ended before, it leaves nothing behind. With --into, the objects\n"
      "that were read by then stay in the table. A file of which anything is broken or missing is refused, unless\n"
      "--no-verify says to skip that.");
  add_node_option(*command, options->node);
  command->add_option("FILE", options->file, "The file to be read")->required();
  CLI::Option* as =
      command->add_option("--as", options->name, "The table's name, instead of the one in the file")->type_name("NAME");
  CLI::Option* into =
      command->add_option("--into", options->into, "Insert into this table, which is public or which nobody owns")
          ->type_name("TABLE")
          ->excludes(as);
  CLI::Option* no_verify =
      command->add_flag("--no-verify", options->no_verify, "Take what can be read, as Erlang does");
  CLI::Option* max_bytes =
      command->add_option("--max-bytes", options->max_bytes, "How large the new table may grow: 512MiB, 32GiB")
          ->type_name("BYTES")
          ->transform(CLI::AsSizeValue(false))
          ->excludes(into);
  command->add_flag("--show", options->show, "Only print what the file says of its table; needs no node")
      ->excludes(as)
      ->excludes(into)
      ->excludes(no_verify)
      ->excludes(max_bytes);
  command->add_flag("--json", options->json,
                    "{\"table\": ..., \"objects\": N, \"bytes\": N, \"bytes_skipped\": N}; with --show, one object");
  command->callback([&chosen, options] { chosen = [options] { return load(*options); }; });
}

}  // namespace heirloom::cli
