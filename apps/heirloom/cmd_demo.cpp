// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "command.hpp"
#include "demo/demo.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

// The other processes of the demo. A person has no use for them.
void add_part(CLI::App& app, Chosen& chosen, const char* name, int (*part)(const demo::Task&)) {
  const auto task = std::make_shared<demo::Task>();
  CLI::App* command = app.add_subcommand(name, "A process of `heirloom demo`")->group("");
  command->add_option("--node", task->node)->required();
  command->add_option("--input", task->input)->required();
  command->add_option("--kills", task->kills);
  command->add_option("--seed", task->seed);
  command->add_option("--name", task->name);
  command->add_flag("--split-insert", task->split_insert);
  command->callback([&chosen, task, part] { chosen = [task, part] { return part(*task); }; });
}

}  // namespace

void add_demo(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<demo::Options>();
  CLI::App* command = app.add_subcommand("demo", "See a table survive hundreds of kills of its owner, on real text");
  command->footer(
      "Exit status 0 only when every kill was survived, at least one fell inside a write, and the table is what a\n"
      "count made without Heirloom says: lost 0, doubled 0, torn 0.");
  command
      ->add_option("--input", options->inputs,
                   "Files, directories, or - for standard input (default: the licence texts)")
      ->type_name("PATH")
      ->default_str("");
  command->add_option("--kills", options->kills, "How often the worker is killed (default: 200)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}).description(""))
      ->default_str("");
  command->add_option("--seed", options->seed, "Of the random moments; a new one by default")->type_name("N");
  command->add_option("--node", options->node, "A directory for the node (default: a new one in shared memory)")
      ->type_name("DIR");
  command->add_flag("--keep", options->keep, "Leave the node's directory when it is over");
  add_choice<demo::Sabotage>(*command, "--sabotage", options->sabotage,
                             {{"split-insert", demo::Sabotage::split_insert}, {"no-repair", demo::Sabotage::no_repair}},
                             "Break it on purpose, to see that the demo tells");
  command->add_flag("--no-progress", options->no_progress, "Say nothing until the report");
  command->callback([&chosen, options] { chosen = [options] { return demo::direct(*options); }; });

  add_part(app, chosen, "demo-supervisor", &demo::supervise);
  add_part(app, chosen, "demo-worker", &demo::work);
  add_part(app, chosen, "demo-reader", &demo::read);
  add_part(app, chosen, "demo-audit", &demo::audit);
}

}  // namespace heirloom::cli
