// SPDX-License-Identifier: Apache-2.0
//
// dump: the objects of a table, all or some, read some at a time, so that a large table needs no large memory.
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"
#include "options.hpp"
#include "selection.hpp"

namespace heirloom::cli {

namespace {

using namespace literals;

struct Options : LookAtTable {
  std::optional<std::string> match;
  std::optional<std::string> when;
  std::optional<std::string> from;
  std::size_t limit = SIZE_MAX;
  bool reverse = false;
};

void require_order(const Table& table, const Options& options) {
  const TableType type = table.info().type;
  if ((!options.from && !options.reverse) || type == TableType::ordered_set) return;
  throw Error(ErrorCode::table_type, fmt::format("read table \"{}\"", options.table),
              fmt::format("{} needs the order of an ordered_set, and this is a {}",
                          options.from ? "--from" : "--reverse", to_string(type)));
}

void visit_up(Table::Iterator next, const Visit& visit) {
  for (; next != std::default_sentinel && visit(*next); ++next) {
  }
}

void visit_down(const Table& table, const Term& from, const Visit& visit) {
  if (const auto object = table.lookup(from).one(); object && !visit(*object)) return;
  for (auto next = table.prev_lookup(from); next; next = table.prev_lookup(next->key)) {
    if (!visit(next->objects.front())) return;
  }
}

// What the options say of the objects.
struct Wanted {
  explicit Wanted(const Options& options)
      : spec(options.match ? match_objects(*options.match, options.when) : match_object_pattern("_"_atom)) {
    if (options.from) from = parse_argument(*options.from, "--from");
  }

  MatchSpec spec;
  std::optional<Term> from;
};

void visit_wanted(const Table& table, const Wanted& wanted, const Options& options, const Visit& visit) {
  if (wanted.from) {
    const Visit visit_match = [&](const Term& object) { return !wanted.spec.run(object) || visit(object); };
    if (options.reverse) return visit_down(table, *wanted.from, visit_match);
    return visit_up(table.lower_bound(*wanted.from), visit_match);
  }
  if (!options.match && !options.reverse) return visit_up(table.begin(), visit);
  visit_matches(table, wanted.spec, options.reverse, options.limit, visit);
}

int dump(const Options& options) {
  const Wanted wanted(options);
  const Node node = observe(options.node);
  const Table table = require_table(node, options.table);
  require_order(table, options);
  std::size_t left = options.limit;
  visit_wanted(table, wanted, options, [&](const Term& object) {
    print(options.json ? to_line(object_to_json(object)) : to_string(object) + '\n');
    return --left != 0;
  });
  return kOk;
}

}  // namespace

void add_dump(CLI::App& app, Chosen& chosen) {
  const auto [command, options] = add_look(app, chosen, "dump", "Print the objects of a table, one a line",
                                           "Lines {\"object\": ..., \"term\": \"...\"}", &dump);
  command->footer(
      "For example: heirloom dump users --match '{_, Age, _}' --when 'Age > 30, Age < 50' --limit 10. What is to be\n"
      "said of objects other than themselves: heirloom select.");
  CLI::Option* match =
      command->add_option("--match", options->match, "Only those that an Erlang pattern matches")->type_name("PATTERN");
  command->add_option("--when", options->when, "And for which guards hold, of the variables of PATTERN")
      ->type_name("GUARDS")
      ->needs(match);
  command->add_option("--from", options->from, "Of an ordered_set: from this key on; with --reverse, down from it")
      ->type_name("KEY");
  add_limit_option(*command, options->limit);
  command->add_flag("--reverse", options->reverse, "Of an ordered_set: from the last key down");
}

}  // namespace heirloom::cli
