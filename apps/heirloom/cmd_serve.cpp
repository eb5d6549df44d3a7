// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include <heirloom/serve.hpp>

#include "command.hpp"
#include "options.hpp"
#include "subprocess.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  bool no_create = false;
  bool quiet = false;
  bool dies_with_parent = false;
};

// For whoever started it and waits; a daemon's output may be closed, which is none of its concern.
void say_ready(const std::string& directory) {
  try {
    print(fmt::format("serving {}\n", directory));
    flush_output();
  } catch (const OutputClosed&) {
  }
}

int serve_node(const Options& options) {
  if (options.dies_with_parent) die_with_parent();
  const std::string& directory = required_node(options.node);
  serve(directory, {.create = !options.no_create,
                    .ready = [&] { say_ready(directory); },
                    .log =
                        [&](const std::string& line) {
                          if (!options.quiet) complain("serve", line);
                        }});
  return kOk;
}

}  // namespace

void add_serve(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("serve", "Be a node's manager, in the foreground, until SIGTERM or SIGINT");
  command->footer(
      "Prints `serving DIR` when programs can connect. The tables stay when it ends; the next manager - `heirloom\n"
      "serve` again, or a program that opens the node - adopts them. Programs that use them go on meanwhile.");
  add_node_option(*command, options->node);
  command->add_flag("--no-create", options->no_create, "Fail when the directory is missing instead of making it");
  command->add_flag("--quiet", options->quiet, "Say nothing of what happens, as of each repair; only why it fails");
  command->add_flag("--die-with-parent", options->dies_with_parent)->group("");
  command->callback([&chosen, options] { chosen = [options] { return serve_node(*options); }; });
}

}  // namespace heirloom::cli
