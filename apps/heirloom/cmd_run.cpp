// SPDX-License-Identifier: Apache-2.0
//
// run: a manager with one worker, for those who have no supervisor. The command is a process of its own, so whatever kills it
// leaves the manager, and with it the tables' place to go, alone.
#include <sys/resource.h>

#include <cstdlib>
#include <memory>

#include "command.hpp"
#include "keeper.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  bool keep_cores = false;
  Keeper::Options keeper;
};

// A death is only told when the core is written, which takes seconds for a big process: nobody has the table meanwhile.
void limit_cores() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_CORE, &limit);
}

int run_command(const Options& options) {
  if (!options.keep_cores) limit_cores();
  Keeper keeper(options.keeper);  // before any thread is started: it takes the signals
  const Node node = Node::open(required_node(options.node));
  ::setenv("HEIRLOOM_NODE", node.directory().c_str(), 1);
  return keeper.keep(node);
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Be a node's manager and run a command, again whenever it dies");
  command->footer(
      "The command finds the node's directory in $HEIRLOOM_NODE. SIGTERM and SIGINT are passed on to it; then,\n"
      "and when it ends well, its exit status is that of `run`: 128 + N after signal N, 127 when there is no such\n"
      "command, 126 when it cannot be started. Another manager that has the node stays the manager.\n"
      "SIGHUP is a deploy: the command is started once more, beside the one that runs, and asks that one for its\n"
      "tables; when it has them all, the former is told to end. If it fails, the former goes on.");
  add_node_option(*command, options->node);
  add_choice<Keeper::Restart>(
      *command, "--restart", options->keeper.restart,
      {{"on-failure", Keeper::Restart::on_failure},
       {"on-signal", Keeper::Restart::on_signal},
       {"never", Keeper::Restart::never}},
      "When to start it again (default: on-failure, that is also after an exit status other than 0)");
  command->add_option("--max-restarts", options->keeper.restarts_max, "Give up after so many (default: never)")
      ->type_name("N");
  command
      ->add_option_function<std::int64_t>(
          "--handover-timeout",
          [options](std::int64_t seconds) { options->keeper.handover_timeout = std::chrono::seconds(seconds); },
          "How long a deploy may take, and the former may take to end (default: 30)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 86400));
  command->add_flag("--keep-cores", options->keep_cores, "Do not turn core dumps off, which delay the news of a death");
  command->add_option("COMMAND", options->keeper.command, "What to run, with its arguments; put `--` before it")
      ->required();
  command->callback([&chosen, options] { chosen = [options] { return run_command(*options); }; });
}

}  // namespace heirloom::cli
