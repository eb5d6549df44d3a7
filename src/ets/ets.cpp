// SPDX-License-Identifier: Apache-2.0
#include "heirloom/ets.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "heirloom/error.hpp"

#include "ets/functions.hpp"

namespace heirloom {

namespace {

using ets::Entry;

const std::vector<Entry>& entries() {
  static const std::vector<Entry> sorted = [] {
    std::vector<Entry> all;
    for (const auto part : {ets::object_functions(), ets::traversal_functions(), ets::select_functions(),
                            ets::table_functions(), ets::file_functions()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    std::sort(all.begin(), all.end(), [](const Entry& left, const Entry& right) {
      return std::tie(left.name, left.arity) < std::tie(right.name, right.arity);
    });
    return all;
  }();
  return sorted;
}

const Entry* find_entry(std::string_view name, std::size_t arity) {
  const std::tuple wanted(name, arity);
  const auto found = std::lower_bound(
      entries().begin(), entries().end(), wanted,
      [](const Entry& entry, const auto& function) { return std::tuple(entry.name, entry.arity) < function; });
  if (found == entries().end() || std::tuple(found->name, found->arity) != wanted) return nullptr;
  return &*found;
}

const Entry& entry_of(Atom function, std::size_t arity) {
  const Entry* const entry = find_entry(function.text(), arity);
  if (entry == nullptr)
    throw Error(ErrorCode::not_found, "call ets:" + std::string(function.text()) + "/" + std::to_string(arity),
                "there is no such function");
  return *entry;
}

}  // namespace

Term Ets::call(Atom function, std::span<const Term> arguments) {
  return entry_of(function, arguments.size()).call(ets::Arguments(node_, arguments));
}

Term Ets::call(const Table& table, Atom function, std::span<const Term> arguments) {
  std::vector<Term> all{Term(table.name())};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return entry_of(function, all.size()).call(ets::Arguments(node_, all, &table));
}

std::span<const Ets::Function> Ets::functions() {
  static const std::vector<Function> all = [] {
    std::vector<Function> made;
    for (const Entry& entry : entries()) made.push_back({entry.name, entry.arity});
    return made;
  }();
  return all;
}

}  // namespace heirloom
