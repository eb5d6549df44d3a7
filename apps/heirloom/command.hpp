// SPDX-License-Identifier: Apache-2.0
//
// What all subcommands share: exit statuses, the node they work on, output and errors. How they are declared: options.hpp.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli {

// Documented in `heirloom --help`.
enum ExitStatus : int { kOk = 0, kNo = 1, kUsage = 2, kFailed = 3 };

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

// Throws UsageError when there is none: neither --node DIR nor $HEIRLOOM_NODE was given.
const std::string& required_node(const std::string& directory);

// What the commands that only look are told: --node and --json, and those about one table TABLE.
struct Look {
  std::string node;
  bool json = false;
};
struct LookAtTable : Look {
  std::string table;
};

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
