// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "options.hpp"
#include "table_list.hpp"

namespace heirloom::cli {

void add_ls(CLI::App& app, Chosen& chosen) {
  add_look(app, chosen, "ls", "List the tables of a node", "An array of objects, with all that `info` tells",
           &list_tables);
}

}  // namespace heirloom::cli
