// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"

namespace heirloom::cli {

namespace {

int tell(const LookAtTable& options) {
  const Node node = observe(options.node);
  const auto info = to_json(require_table(node, options.table).info());
  if (options.json) {
    print(to_line(info));
    return kOk;
  }
  for (const auto& [name, value] : info.items()) {
    const std::string text = value.is_null() ? "none" : value.is_string() ? value.get<std::string>() : value.dump();
    print(fmt::format("{:<22} {}\n", name, text));
  }
  return kOk;
}

}  // namespace

void add_info(CLI::App& app, Chosen& chosen) {
  add_look(app, chosen, "info", "Tell about a table: options, owner, size, what was repaired", "One JSON object",
           &tell);
}

}  // namespace heirloom::cli
