// SPDX-License-Identifier: Apache-2.0
//
// How subcommands are declared. One is one file with one function add_NAME(), which declares its options and, when it is the one that
// was asked for, leaves in `chosen` what main() runs after all of the command line was read. (Whoever does not declare any does
// without this header, and so without CLI11.)
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "command.hpp"

namespace heirloom::cli {

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

// --node DIR, or $HEIRLOOM_NODE.
void add_node_option(CLI::App& command, std::string& directory);
// --limit N, from 1 on.
void add_limit_option(CLI::App& command, std::size_t& limit);

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

// Adds a command that only looks (command.hpp), which runs `look` when it is chosen; what is its own is added to what comes back.
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

}  // namespace heirloom::cli
