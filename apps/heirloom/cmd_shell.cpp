// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "command.hpp"
#include "options.hpp"
#include "shell/line_editor.hpp"
#include "shell/session.hpp"

namespace heirloom::cli {

namespace {

struct Options {
  std::string node;
  std::vector<std::string> statements;
  bool observe = false;
};

// Without blanks before the first statement, so that its lines are counted from its own first one.
std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

// All statements of a text. Throws what the first one that fails throws.
void run_all(shell::Session& session, std::string_view text) {
  for (text = without_blanks(text); !text.empty() && !session.ended(); text = without_blanks(text)) {
    const std::size_t bytes = Evaluator::first_statement(text).bytes;
    session.run(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
}

// Whether a statement may end with this line: to look at all that was read so far after each line would take long.
bool may_end(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t\r\n");
  return last != std::string_view::npos && (line[last] == '.' || line.find('%') != std::string_view::npos);
}

// What comes through a pipe or from a file, statement by statement as it comes; each ends with its full stop.
void run_input(shell::Session& session, std::istream& input) {
  std::string begun;
  for (std::string line; !session.ended() && std::getline(input, line);) {
    begun += line + '\n';
    if (!may_end(line)) continue;
    std::string_view text = without_blanks(begun);
    while (!text.empty() && !session.ended()) {
      const auto [bytes, complete] = Evaluator::first_statement(text);
      if (!complete) break;
      session.run(text.substr(0, bytes));
      flush_output();
      text = without_blanks(text.substr(bytes));
    }
    begun = std::string(text);
  }
  run_all(session, begun);  // what ends in the middle says so
}

// A line is a statement when it is complete; else the next ones belong to it, up to an empty one.
std::optional<std::string> read_statement(const shell::Session& session, shell::LineEditor& editor) {
  auto text = editor.read(fmt::format("{}> ", session.number()));
  while (text && !Evaluator::first_statement(*text).complete) {
    const auto line = editor.read(fmt::format("{:>{}}| ", "", std::to_string(session.number()).size()));
    if (!line || without_blanks(*line).empty()) break;
    *text += '\n' + *line;
  }
  return text;
}

void talk(shell::Session& session) {
  shell::LineEditor editor(shell::default_history(),
                           [&](std::string_view beginning) { return session.completions(beginning); });
  print(fmt::format("heirloom {}; help() tells what there is, Ctrl-D or q() ends.\n", HEIRLOOM_VERSION));
  flush_output();
  while (!session.ended()) {
    const auto text = read_statement(session, editor);
    if (!text) {
      print("\n");
      break;
    }
    editor.remember(*text);
    try {
      run_all(session, *text);
    } catch (const OutputClosed&) {
      throw;
    } catch (const std::exception& error) {
      print(fmt::format("** {}\n", error.what()));
    }
    flush_output();
  }
}

int run_shell(const Options& options) {
  shell::Session session(options.observe ? observe(options.node) : join(options.node));
  if (!options.statements.empty()) {
    for (const std::string& statement : options.statements) run_all(session, statement);
  } else if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) {
    talk(session);
  } else {
    run_input(session, std::cin);
  }
  return kOk;
}

}  // namespace

void add_shell(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("shell", "Ask and change tables by expressions of Erlang");
  command->footer(
      "At a terminal, with history and completion; else the statements come from standard input, and the first one "
      "that\n"
      "fails ends it. The shell is a process of the node: a table that it makes by ets:new/2 goes when it ends, unless "
      "it\n"
      "has an heir. $HEIRLOOM_HISTORY says where its history is kept; empty: nowhere.");
  add_node_option(*command, options->node);
  command->add_option("-e,--eval", options->statements, "Statements, instead of what is typed: 'ets:info(users, size)'")
      ->type_name("TEXT")
      ->take_all()
      ->allow_extra_args(false);  // with them, [1,2] would be two
  command->add_flag("--observe", options->observe, "Only look: needs no manager, and owns nothing");
  command->callback([&chosen, options] { chosen = [options] { return run_shell(*options); }; });
}

}  // namespace heirloom::cli
