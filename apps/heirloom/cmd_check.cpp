// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

void tell(const LookAtTable& options, const CheckReport& report) {
  print(fmt::format("table \"{}\": {}, {} objects\n", options.table, report.ok ? "whole" : "broken", report.objects));
  print(fmt::format("{} bytes allocated = {} live + {} retired + {} free + {} cached\n", report.allocated_bytes,
                    report.live_bytes, report.retired_bytes, report.free_bytes, report.cached_bytes));
  for (const std::string& finding : report.findings) print(finding + '\n');
}

int check(const LookAtTable& options) {
  const Node node = observe(options.node);
  const CheckReport report = require_table(node, options.table).check();
  options.json ? print(to_line(to_json(report))) : tell(options, report);
  return report.ok ? kOk : kNo;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  add_look(app, chosen, "check", "Prove a table's invariants; exit status 1 when one is broken", "One JSON object",
           &check);
}

}  // namespace heirloom::cli
