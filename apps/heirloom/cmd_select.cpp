// SPDX-License-Identifier: Apache-2.0
//
// What a match specification says of a table: heirloom select, and heirloom count.
#include <cstdint>

#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"
#include "options.hpp"
#include "selection.hpp"

namespace heirloom::cli {

namespace {

constexpr const char* kSpecHelp =
    "A fun, as 'fun({Id, Hits, _}) when Hits > 10 -> Id end', or a list of clauses {Head,Guards,Body}: "
    "docs/match-specifications.md";

struct Question : LookAtTable {
  std::string spec;
};
struct Selection : Question {
  bool reverse = false;
  std::size_t limit = SIZE_MAX;
};

void print_match(const Selection& options, const Term& match) {
  print(options.json ? to_line({{"match", to_json(match)}, {"term", to_string(match)}}) : to_string(match) + '\n');
}

int select(const Selection& options) {
  const MatchSpec spec = parse_spec(options.spec);
  const Node node = observe(options.node);
  std::size_t left = options.limit;
  visit_matches(require_table(node, options.table), spec, options.reverse, options.limit, [&](const Term& match) {
    print_match(options, match);
    return --left != 0;
  });
  return kOk;
}

int count(const Question& options) {
  const MatchSpec spec = parse_spec(options.spec);
  const Node node = observe(options.node);
  const std::uint64_t matches = require_table(node, options.table).select_count(spec);
  print(options.json ? fmt::format("{{\"count\":{}}}\n", matches) : fmt::format("{}\n", matches));
  return kOk;
}

}  // namespace

void add_select(CLI::App& app, Chosen& chosen) {
  const auto [command, options] =
      add_look(app, chosen, "select", "Print what a match specification says of the objects of a table, one a line",
               "Lines {\"match\": ..., \"term\": \"...\"}", &select);
  command->add_option("SPEC", options->spec, kSpecHelp)->required();
  add_limit_option(*command, options->limit);
  command->add_flag("--reverse", options->reverse, "From the last key of an ordered_set down");
}

void add_count(CLI::App& app, Chosen& chosen) {
  const auto [command, options] = add_look(
      app, chosen, "count", "Print of how many objects a match specification says true", "{\"count\": N}", &count);
  command->add_option("SPEC", options->spec, kSpecHelp)->required();
}

}  // namespace heirloom::cli
