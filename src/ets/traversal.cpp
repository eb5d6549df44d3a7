// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "heirloom/error.hpp"

#include "ets/functions.hpp"

namespace heirloom::ets {

namespace {

Term slot(const Arguments& arguments) {
  const Table table = arguments.table();
  const std::int64_t number = arguments.integer(1);
  if (number < 0) throw Error(ErrorCode::badarg, "slot", "slots are counted from 0");
  const auto objects = table.slot(static_cast<std::uint64_t>(number));
  return or_end(objects ? std::optional(heirloom::list(*objects)) : std::nullopt);
}

constexpr std::array kTraversalFunctions{
    Entry{"first", 1, [](const Arguments& a) { return or_end(a.table().first()); }},
    Entry{"next", 2, [](const Arguments& a) { return or_end(a.table().next(a[1])); }},
    Entry{"last", 1, [](const Arguments& a) { return or_end(a.table().last()); }},
    Entry{"prev", 2, [](const Arguments& a) { return or_end(a.table().prev(a[1])); }},
    Entry{"first_lookup", 1, [](const Arguments& a) { return key_objects(a.table().first_lookup()); }},
    Entry{"next_lookup", 2, [](const Arguments& a) { return key_objects(a.table().next_lookup(a[1])); }},
    Entry{"last_lookup", 1, [](const Arguments& a) { return key_objects(a.table().last_lookup()); }},
    Entry{"prev_lookup", 2, [](const Arguments& a) { return key_objects(a.table().prev_lookup(a[1])); }},
    Entry{"slot", 2, slot},
    Entry{"tab2list", 1, [](const Arguments& a) { return heirloom::list(a.table().tab2list()); }},
    Entry{"safe_fixtable", 2, [](const Arguments& a) { return a.table().safe_fixtable(a.boolean(1)), done(); }},
};

}  // namespace

std::span<const Entry> traversal_functions() { return kTraversalFunctions; }

}  // namespace heirloom::ets
