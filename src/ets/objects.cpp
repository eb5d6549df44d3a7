// SPDX-License-Identifier: Apache-2.0
//
// Insert, look up, change and delete objects.
#include <array>
#include <utility>

#include "heirloom/error.hpp"

#include "ets/functions.hpp"

namespace heirloom::ets {

namespace {

// Incr, {Pos,Incr} or {Pos,Incr,Threshold,SetValue}.
CounterUpdate counter_update(const Term& update, std::int64_t keypos) {
  if (!update.is_tuple()) return {.position = keypos + 1, .increment = update};
  if (update.size() != 2 && update.size() != 4)
    throw Error(ErrorCode::badarg, "update a counter",
                "expected Incr, {Pos,Incr} or {Pos,Incr,Threshold,SetValue}, found " + to_string(update));
  CounterUpdate made{.position = integer_of(update.element(1)), .increment = Term(update.element(2))};
  if (update.size() == 4) {
    made.threshold = Term(update.element(3));
    made.reset_to = Term(update.element(4));
  }
  return made;
}

Term update_counter(const Arguments& arguments) {
  Table table = arguments.table();
  const std::int64_t keypos = table.info().keypos;
  std::vector<CounterUpdate> updates;
  for (const Term& each : arguments.one_or_several(2)) updates.push_back(counter_update(each, keypos));
  const std::vector<Term> values = arguments.size() == 4 ? table.update_counter(arguments[1], updates, arguments[3])
                                                         : table.update_counter(arguments[1], updates);
  return arguments[2].is_list() ? heirloom::list(values) : values.front();
}

Term update_element(const Arguments& arguments) {
  std::vector<ElementUpdate> updates;
  for (const Term& each : arguments.one_or_several(2)) {
    if (!each.is_tuple() || each.size() != 2)
      throw Error(ErrorCode::badarg, "update an element", "expected {Pos,Value}, found " + to_string(each));
    updates.push_back({integer_of(each.element(1)), Term(each.element(2))});
  }
  Table table = arguments.table();
  return boolean(arguments.size() == 4 ? table.update_element(arguments[1], updates, arguments[3])
                                       : table.update_element(arguments[1], updates));
}

constexpr std::array kFunctions{
    Entry{"insert", 2, [](const Arguments& a) { return a.table().insert(a[1]), done(); }},
    Entry{"insert_new", 2, [](const Arguments& a) { return boolean(a.table().insert_new(a[1])); }},
    Entry{"lookup", 2, [](const Arguments& a) { return list_of(a.table().lookup(a[1])); }},
    Entry{"member", 2, [](const Arguments& a) { return boolean(a.table().member(a[1])); }},
    Entry{"lookup_element", 3, [](const Arguments& a) { return a.table().lookup_element(a[1], a.integer(2)); }},
    Entry{"lookup_element", 4, [](const Arguments& a) { return a.table().lookup_element(a[1], a.integer(2), a[3]); }},
    Entry{"delete", 2, [](const Arguments& a) { return a.table().erase(a[1]), done(); }},
    Entry{"delete_object", 2, [](const Arguments& a) { return a.table().delete_object(a[1]), done(); }},
    Entry{"delete_all_objects", 1, [](const Arguments& a) { return a.table().delete_all_objects(), done(); }},
    Entry{"take", 2, [](const Arguments& a) { return list_of(a.table().take(a[1])); }},
    Entry{"update_counter", 3, update_counter},
    Entry{"update_counter", 4, update_counter},
    Entry{"update_element", 3, update_element},
    Entry{"update_element", 4, update_element},
};

}  // namespace

std::span<const Entry> object_functions() { return kFunctions; }

}  // namespace heirloom::ets
