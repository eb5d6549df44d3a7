// SPDX-License-Identifier: Apache-2.0
//
// Insert, look up, change and delete objects.
#include <array>
#include <utility>

#include "heirloom/error.hpp"

#include "ets/functions.hpp"

namespace heirloom::ets {

namespace {

// {Pos,Incr} or {Pos,Incr,Threshold,SetValue}.
CounterUpdate counter_update(const Term& update) {
  if (!update.is_tuple() || (update.size() != 2 && update.size() != 4))
    throw Error(ErrorCode::badarg, "update a counter",
                "expected {Pos,Incr} or {Pos,Incr,Threshold,SetValue}, found " + to_string(update));
  CounterUpdate made{.position = integer_of(update.element(1)), .increment = Term(update.element(2))};
  if (update.size() == 4) {
    made.threshold = Term(update.element(3));
    made.reset_to = Term(update.element(4));
  }
  return made;
}

// One of them, or a list; an integer alone is added to what is behind the key.
std::vector<CounterUpdate> counter_updates(const Arguments& arguments, const Table& table) {
  const Term& update = arguments[2];
  if (!update.is_tuple() && !update.is_list()) return {{.position = table.info().keypos + 1, .increment = update}};
  std::vector<CounterUpdate> updates;
  for (const Term& each : arguments.one_or_several(2)) updates.push_back(counter_update(each));
  return updates;
}

// Whatever the operation is.
void refuse_bag(const Table& table) {
  const TableType type = table.info().type;
  if (type == TableType::bag || type == TableType::duplicate_bag)
    throw Error(ErrorCode::table_type, "update an object", "the table is a bag");
}

// What is wrong with an operation is no matter where there is nothing to change: then `absent` says what there is to say.
template <typename Read, typename Absent>
auto read_or_absent(const Table& table, const Term& key, const Read& read, const Absent& absent)
    -> decltype(std::optional(read())) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::badarg) throw;
    refuse_bag(table);
    if (table.member(key)) throw;
    absent();
    return std::nullopt;
  }
}

Term update_counter(const Arguments& arguments) {
  Table table = arguments.table();
  // What counters mostly are for: without a look at the table's options.
  if (const Term& update = arguments[2]; arguments.size() == 3 && update.is_integer() && update.block().size() == 1)
    return table.update_counter(arguments[1], update.as_int64());
  const auto read = [&] { return counter_updates(arguments, table); };
  const auto refuse_absent = [&] {
    if (arguments.size() == 3)
      throw Error(ErrorCode::badkey, "update a counter", "there is no object with the key " + to_string(arguments[1]));
    static_cast<void>(read());
  };
  const std::vector<CounterUpdate> updates = *read_or_absent(table, arguments[1], read, refuse_absent);
  const std::vector<Term> values = arguments.size() == 4 ? table.update_counter(arguments[1], updates, arguments[3])
                                                         : table.update_counter(arguments[1], updates);
  return arguments[2].is_list() ? heirloom::list(values) : values.front();
}

std::vector<ElementUpdate> element_updates(const Arguments& arguments) {
  std::vector<ElementUpdate> updates;
  for (const Term& each : arguments.one_or_several(2)) {
    if (!each.is_tuple() || each.size() != 2)
      throw Error(ErrorCode::badarg, "update an element", "expected {Pos,Value}, found " + to_string(each));
    updates.push_back({integer_of(each.element(1)), Term(each.element(2))});
  }
  return updates;
}

Term update_element(const Arguments& arguments) {
  Table table = arguments.table();
  if (arguments.size() == 4)
    return boolean(table.update_element(arguments[1], element_updates(arguments), arguments[3]));
  const auto updates = read_or_absent(
      table, arguments[1], [&] { return element_updates(arguments); }, [] {});
  return boolean(updates && table.update_element(arguments[1], *updates));
}

constexpr std::array kObjectFunctions{
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

std::span<const Entry> object_functions() { return kObjectFunctions; }

}  // namespace heirloom::ets
