// SPDX-License-Identifier: Apache-2.0
//
// What all subcommands share: exit statuses, the node they work on, output and errors.
//
// A subcommand is one file with one function add_NAME(), which declares its options and, when it is the one that was asked
// for, leaves in `chosen` what main() runs after all of the command line was read.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli {

// Documented in `heirloom --help`.
enum ExitStatus : int { kOk = 0, kNo = 1, kUsage = 2, kFailed = 3 };

using Chosen = std::function<int()>;

void add_serve(CLI::App& app, Chosen& chosen);
void add_run(CLI::App& app, Chosen& chosen);
void add_ls(CLI::App& app, Chosen& chosen);
void add_i(CLI::App& app, Chosen& chosen);
void add_create(CLI::App& app, Chosen& chosen);
void add_limit(CLI::App& app, Chosen& chosen);
void add_info(CLI::App& app, Chosen& chosen);
void add_get(CLI::App& app, Chosen& chosen);
void add_put(CLI::App& app, Chosen& chosen);
void add_delete(CLI::App& app, Chosen& chosen);
void add_dump(CLI::App& app, Chosen& chosen);
void add_select(CLI::App& app, Chosen& chosen);
void add_count(CLI::App& app, Chosen& chosen);
void add_save(CLI::App& app, Chosen& chosen);
void add_load(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_lineage(CLI::App& app, Chosen& chosen);
void add_doctor(CLI::App& app, Chosen& chosen);
void add_shell(CLI::App& app, Chosen& chosen);
void add_takeover(CLI::App& app, Chosen& chosen);
void add_reclaim(CLI::App& app, Chosen& chosen);
void add_quarantine(CLI::App& app, Chosen& chosen);
void add_release(CLI::App& app, Chosen& chosen);
void add_drop(CLI::App& app, Chosen& chosen);
void add_demo(CLI::App& app, Chosen& chosen);

// A command line that cannot be meant: exit status kUsage.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The answer is no - no such table, no such key: exit status kNo.
class NotFound : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Standard output is a pipe that nobody reads any more: the end of the program, and no error.
class OutputClosed : public std::exception {};

// --node DIR, or $HEIRLOOM_NODE.
void add_node_option(CLI::App& command, std::string& directory);
// Throws UsageError when neither was given.
const std::string& required_node(const std::string& directory);

// An option that takes one of a few words. `--help` and the error for any other name them.
template <typename Value>
void add_choice(CLI::App& command, const std::string& option, Value& value,
                const std::vector<std::pair<std::string, Value>>& choices, const std::string& description) {
  std::string names;
  for (const auto& [name, meaning] : choices) names += (names.empty() ? "" : "|") + name;
  const auto choose = [option, names, choices, &value](const std::string& text) {
    for (const auto& [name, meaning] : choices) {
      if (text == name) return static_cast<void>(value = meaning);
    }
    throw CLI::ValidationError(option, "`" + text + "` is not one of " + names);
  };
  command.add_option_function<std::string>(option, choose, description)->type_name(names);
}

// What the commands that only look have in common: --node and --json, and those about one table TABLE.
struct Look {
  std::string node;
  bool json = false;
};
struct LookAtTable : Look {
  std::string table;
};

// Adds such a command, which runs `look` when it is chosen; what is its own is added to what comes back.
template <std::derived_from<Look> Options>
std::pair<CLI::App*, std::shared_ptr<Options>> add_look(CLI::App& app, Chosen& chosen, const char* name,
                                                        const char* description, const char* json_description,
                                                        int (*look)(const Options&)) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(name, description);
  add_node_option(*command, options->node);
  if constexpr (std::derived_from<Options, LookAtTable>) {
    command->add_option("TABLE", options->table, "The table's name")->required();
  }
  command->add_flag("--json", options->json, json_description);
  command->callback([&chosen, options, look] { chosen = [options, look] { return look(*options); }; });
  return {command, std::move(options)};
}

// For commands that only look: needs no manager, changes nothing.
Node observe(const std::string& directory);
// For commands that change tables: connected to the manager, or the manager itself when there is none.
Node join(const std::string& directory);

// A table's name as a person types it, in the argument or option `what`. Throws UsageError for what is no atom.
Atom table_name(const std::string& text, std::string_view what = "TABLE");
// Throws NotFound.
Table require_table(const Node& node, const std::string& name);
// A term given on the command line; `what` it is goes into the UsageError.
Term parse_argument(const std::string& text, std::string_view what);

// To standard output. Throws OutputClosed, or Error{io} as for a full disk.
void print(std::string_view text);
void flush_output();

// One line on standard error: `heirloom: COMMAND: TEXT`.
void complain(std::string_view command, std::string_view text);

}  // namespace heirloom::cli
