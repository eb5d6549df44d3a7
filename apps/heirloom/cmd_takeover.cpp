// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include <heirloom/serve.hpp>

#include "command.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::int64_t timeout_ms = 2000;
  bool force = false;
};

int end_manager(const Options& options) {
  const ManagerEnded ended = take_over(
      required_node(options.node), {.timeout = std::chrono::milliseconds(options.timeout_ms), .force = options.force});
  print(fmt::format("ended the manager, process {}\n", ended.process));
  return kOk;
}

}  // namespace

void add_takeover(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("takeover", "End a manager that does not answer, so that another can take over");
  command->footer(
      "Tables and the programs that use them go on. The next manager is the next program in line that has the\n"
      "node open, or `heirloom serve` when you start it. An embedded manager ends with the program that it is part "
      "of.");
  add_node_option(*command, options->node);
  command->add_option("--timeout", options->timeout_ms, "How long it is given to answer (default: 2000)")
      ->type_name("MS")
      ->check(CLI::Range(1, 3600000));
  command->add_flag("--force", options->force, "End it though it answers");
  command->callback([&chosen, options] { chosen = [options] { return end_manager(*options); }; });
}

}  // namespace heirloom::cli
