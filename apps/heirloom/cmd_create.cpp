// SPDX-License-Identifier: Apache-2.0
//
// create and limit: a table that belongs to the node, and how large a table may grow.
#include <memory>

#include <fmt/format.h>

#include "command.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

struct Creation {
  std::string node;
  std::string table;
  std::string options = "[]";
};

int create(const Creation& creation) {
  const Atom name = table_name(creation.table);
  TableOptions options;
  try {
    options = table_options(parse_argument(creation.options, "options"));
  } catch (const Error& error) {
    throw UsageError(error.detail());
  }
  Node node = Node::open(required_node(creation.node));  // made if it is not there
  if (node.find_table(name))
    throw Error(ErrorCode::already_exists, "make table", fmt::format("there is a table \"{}\"", creation.table));
  node.open_or_create(name, options);
  return kOk;
}

struct Limit {
  std::string node;
  std::string table;
  std::uint64_t bytes = 0;
};

int limit(const Limit& limit) {
  require_table(join(limit.node), limit.table).set_max_bytes(limit.bytes);
  return kOk;
}

}  // namespace

void add_create(CLI::App& app, Chosen& chosen) {
  const auto creation = std::make_shared<Creation>();
  CLI::App* command = app.add_subcommand("create", "Make a table that belongs to the node");
  command->footer(
      "OPTIONS is a list as ets:new/2 takes it: [ordered_set, public, {keypos, 2}, compressed, {max_bytes, "
      "1073741824}].\n"
      "The first program that opens the table, as open_or_create() or a table manager does, owns it.");
  add_node_option(*command, creation->node);
  command->add_option("TABLE", creation->table, "The table's name")->required();
  command->add_option("OPTIONS", creation->options, "A list in Erlang's syntax; without it a protected set");
  command->callback([&chosen, creation] { chosen = [creation] { return create(*creation); }; });
}

void add_limit(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Limit>();
  CLI::App* command = app.add_subcommand("limit", "Set how large a table may grow");
  command->footer(
      "Beyond, what needs memory fails with `full`; what a table has by then it keeps. `heirloom info` tells the "
      "present value\n"
      "(max_bytes) and up to where it can be set (max_bytes_limit).");
  add_node_option(*command, options->node);
  command->add_option("TABLE", options->table, "The table's name")->required();
  command->add_option("BYTES", options->bytes, "A number, or one with a unit: 512MiB, 32GiB")
      ->required()
      ->transform(CLI::AsSizeValue(false));
  command->callback([&chosen, options] { chosen = [options] { return limit(*options); }; });
}

}  // namespace heirloom::cli
