// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::string table;
  bool json = false;
};

void tell(const Options& options, const CheckReport& report) {
  print(fmt::format("table \"{}\": {}, {} objects\n", options.table, report.ok ? "whole" : "broken", report.objects));
  print(fmt::format("{} bytes allocated = {} live + {} retired + {} free + {} cached\n", report.allocated_bytes,
                    report.live_bytes, report.retired_bytes, report.free_bytes, report.cached_bytes));
  for (const std::string& finding : report.findings) print(finding + '\n');
}

int check(const Options& options) {
  const Node node = observe(options.node);
  const CheckReport report = require_table(node, options.table).check();
  options.json ? print(to_line(to_json(report))) : tell(options, report);
  return report.ok ? kOk : kNo;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("check", "Prove a table's invariants; exit status 1 when one is broken");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table's name")->required();
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([&chosen, options] { chosen = [options] { return check(*options); }; });
}

}  // namespace heirloom::cli
