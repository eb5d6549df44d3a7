// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "heirloom/table_file.hpp"

#include "tabfile/failure.hpp"
#include "tabfile/object_reader.hpp"
#include "tabfile/pairs.hpp"

namespace heirloom {

using namespace literals;

TableFileInfo tabfile_info(const std::filesystem::path& file) {
  return tabfile::ObjectReader(file, tabfile::doing("read", file), false, {}).header().info();
}

Term to_term(const TableFileInfo& info) {
  std::vector<Term> items;
  const auto pairs = info.header.elements();
  for (const char* key : {"name", "type", "protection", "named_table", "keypos", "size", "extended_info"}) {
    const auto pair = tabfile::key_find(pairs, Atom(key));
    items.push_back(pair ? Term(*pair) : Term{Atom(key), list({})});
  }
  items.push_back({"version"_atom, {info.major_version, info.minor_version}});
  return list(items);
}

}  // namespace heirloom
