// SPDX-License-Identifier: Apache-2.0
#include "table_list.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "json.hpp"

namespace heirloom::cli {

namespace {

std::string owner_of(const TableInfo& info) {
  if (info.quarantine) return "set aside";
  if (info.damage) return "damaged: " + *info.damage;
  return info.owner ? to_string(Term(*info.owner)) : "the node";
}

}  // namespace

void print_tables(const std::vector<TableInfo>& tables) {
  std::size_t width = 4;
  for (const TableInfo& info : tables) width = std::max(width, info.name.text().size());
  if (tables.empty()) return;
  print(fmt::format("{:<{}}  {:<13}  {:<9}  {:>12}  {:>14}  {}\n", "NAME", width, "TYPE", "ACCESS", "OBJECTS", "BYTES",
                    "OWNER"));
  for (const TableInfo& info : tables) {
    print(fmt::format("{:<{}}  {:<13}  {:<9}  {:>12}  {:>14}  {}\n", info.name.text(), width, to_string(info.type),
                      to_string(info.protection), info.size, info.memory_bytes, owner_of(info)));
  }
}

int list_tables(const Look& options) {
  const std::vector<TableInfo> tables = observe(options.node).tables();
  if (options.json) {
    auto array = nlohmann::json::array();
    for (const TableInfo& info : tables) array.push_back(to_json(info));
    print(to_line(array));
  } else {
    print_tables(tables);
  }
  return kOk;
}

}  // namespace heirloom::cli
