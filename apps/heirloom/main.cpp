// SPDX-License-Identifier: Apache-2.0
//
// heirloom: the command line. Each subcommand has a file of its own, cmd_NAME.cpp; the demo has a folder.
#include <signal.h>

#include <cstdlib>
#include <exception>

#include <fmt/format.h>

#include "command.hpp"
#include "interrupts.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

constexpr const char* kDescription =
    "Heirloom keeps in-memory tables alive when the process that uses them dies.\n"
    "Terms are written in Erlang's syntax: 41, alice, <<\"Berlin\">>, {alice, 41}.";

constexpr const char* kFooter =
    "Exit status: 0 all is well; 1 the answer is no (no such table or key, a check or the demo failed);\n"
    "2 the command line cannot be meant; 3 it failed for another reason, which standard error tells.";

std::string chosen_name(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? std::string() : commands.front()->get_name();
}

// What is wrong with the command line. That there is something unknown in it comes first: often that is why something else
// seems to be missing.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const std::string name = chosen_name(app);
  const std::string help = " (see heirloom " + (name.empty() ? "" : name + ' ') + "--help)";
  const auto unknown = (name.empty() ? app : *app.get_subcommands().front()).remaining();
  if (unknown.empty()) return error.what() + help;
  if (unknown.front().front() == '-') return "there is no option " + unknown.front() + help;
  return (name.empty() ? "there is no command " : "one argument too many: ") + unknown.front() + help;
}

void declare(CLI::App& app, Chosen& chosen) {
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "heirloom " HEIRLOOM_VERSION);
  for (const auto add :
       {&add_demo,       &add_serve,   &add_run,    &add_ls,      &add_info,   &add_lineage, &add_get,
        &add_i,          &add_put,     &add_delete, &add_dump,    &add_select, &add_count,   &add_save,
        &add_load,       &add_shell,   &add_doctor, &add_check,   &add_create, &add_limit,   &add_reclaim,
        &add_quarantine, &add_release, &add_drop,   &add_takeover}) {
    add(app, chosen);
  }
}

// What the command line asks for; --help and --version are answered here.
int parse_and_run(CLI::App& app, const Chosen& chosen, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& answered) {
    return app.exit(answered);
  } catch (const CLI::ParseError& error) {
    return complain(chosen_name(app), explain(app, error)), kUsage;
  }
  const int status = chosen();
  flush_output();
  return status;
}

int run(int argc, char** argv) {
  // A closed pipe is told by the write that fails, so that whoever has to clean up can.
  ::signal(SIGPIPE, SIG_IGN);
  CLI::App app(kDescription, "heirloom");
  Chosen chosen;
  declare(app, chosen);
  try {
    return parse_and_run(app, chosen, argc, argv);
  } catch (const OutputClosed&) {
    // What is still in the buffer has nobody to read it, and exit() must not complain.
    return kOk;
  } catch (const Interrupted& interrupted) {
    const std::string what = fmt::format("interrupted by signal {}; {}", interrupted.signal(), interrupted.left());
    return complain(chosen_name(app), what), 128 + interrupted.signal();
  } catch (const UsageError& error) {
    return complain(chosen_name(app), error.what()), kUsage;
  } catch (const NotFound& error) {
    return complain(chosen_name(app), error.what()), kNo;
  } catch (const std::exception& error) {
    return complain(chosen_name(app), error.what()), kFailed;
  }
}

}  // namespace

}  // namespace heirloom::cli

int main(int argc, char** argv) { return heirloom::cli::run(argc, argv); }
