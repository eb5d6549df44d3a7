// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "command.hpp"
#include "json.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

int tell(const LookAtTable& options) {
  const Node node = observe(options.node);
  const std::vector<Tenure> lineage = require_table(node, options.table).lineage();
  if (options.json) {
    auto array = nlohmann::json::array();
    for (const Tenure& tenure : lineage) array.push_back(to_json(tenure));
    print(to_line(array));
    return kOk;
  }
  for (const Tenure& tenure : lineage) {
    std::ostringstream line;
    line << tenure << '\n';
    for (const Repair& repair : tenure.repairs) line << "  " << repair << '\n';
    print(line.str());
  }
  return kOk;
}

}  // namespace

void add_lineage(CLI::App& app, Chosen& chosen) {
  const auto [command, options] =
      add_look(app, chosen, "lineage", "Tell who has owned a table, from when to when, and how each ended",
               "An array of objects; times are nanoseconds since 1970, `status` is as of waitpid()", &tell);
  command->footer(
      "One line for each owner, the present one last; of many, the last " + std::to_string(kLineageMax) +
      ".\nUnder it one for each death that left something to repair, of the owner or of another program that died\n"
      "meanwhile: which write was under way, and whether it is there; of many, the last " +
      std::to_string(kRepairsMax) +
      ".\nHow a program ended is told by its parent (`heirloom run`), or by the kernel (Linux 6.15 and later).");
}

}  // namespace heirloom::cli
