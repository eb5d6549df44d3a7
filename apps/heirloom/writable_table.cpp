// SPDX-License-Identifier: Apache-2.0
#include "writable_table.hpp"

#include <fmt/format.h>

#include "command.hpp"

namespace heirloom::cli {

Table writable_table(Node& node, const std::string& name) {
  Table table = require_table(node, name);
  TableInfo info = table.info();
  if (info.protection == Protection::public_access) return table;
  if (!info.owner && info.node_table) {
    table = node.open_or_create(info.name, {.type = info.type, .protection = info.protection, .keypos = info.keypos});
    info = table.info();  // somebody else may have been faster
  }
  if (info.owner == self()) return table;
  throw Error(ErrorCode::access, fmt::format("write to table \"{}\"", name),
              fmt::format("it is {} and belongs to {}, which alone may write", to_string(info.protection),
                          info.owner ? to_string(Term(*info.owner)) : "the node"));
}

}  // namespace heirloom::cli
