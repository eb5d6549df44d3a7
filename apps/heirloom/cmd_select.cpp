// SPDX-License-Identifier: Apache-2.0
//
// What a match specification says of a table: heirloom select, and heirloom count.
#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "command.hpp"
#include "json.hpp"

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
  std::size_t limit = 0;
};

MatchSpec parse_spec(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  const bool fun = begin != std::string::npos && text.compare(begin, 3, "fun") == 0;
  try {
    return MatchSpec(fun ? fun2ms(text) : parse(text));
  } catch (const Error& error) {
    throw UsageError(fmt::format("SPEC `{}`: {}", text, error.detail()));
  }
}

void print_match(const Selection& options, const Term& match) {
  print(options.json ? to_line({{"match", to_json(match)}, {"term", to_string(match)}}) : to_string(match) + '\n');
}

// Some at a time, so that a large table needs no large memory.
int select(const Selection& options) {
  constexpr std::size_t kAtOnce = 1000;
  const MatchSpec spec = parse_spec(options.spec);
  const Node node = observe(options.node);
  const Table table = require_table(node, options.table);
  std::size_t left = options.limit == 0 ? SIZE_MAX : options.limit;
  const std::size_t at_once = std::min(left, kAtOnce);
  std::optional<Chunk> chunk = options.reverse ? table.select_reverse(spec, at_once) : table.select(spec, at_once);
  while (chunk) {
    for (const Term& match : chunk->matches) {
      print_match(options, match);
      if (--left == 0) return kOk;
    }
    chunk = chunk->rest ? table.select(*chunk->rest) : std::nullopt;
  }
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
  command->add_option("--limit", options->limit, "Not more than so many")->check(CLI::PositiveNumber);
  command->add_flag("--reverse", options->reverse, "From the last key of an ordered_set down");
}

void add_count(CLI::App& app, Chosen& chosen) {
  const auto [command, options] = add_look(
      app, chosen, "count", "Print of how many objects a match specification says true", "{\"count\": N}", &count);
  command->add_option("SPEC", options->spec, kSpecHelp)->required();
}

}  // namespace heirloom::cli
