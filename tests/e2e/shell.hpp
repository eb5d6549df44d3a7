// SPDX-License-Identifier: Apache-2.0
//
// Shell: the command line as a user runs it, in a new directory that is gone afterwards. Commands are lines for sh, with
// `heirloom` in the $PATH and the node's directory in $HEIRLOOM_NODE.
//
//   TEST_F(Shell, GetPrintsTheObject) {
//     make_table("users", {{"alice"_atom, 41}});
//     EXPECT_THAT(run("heirloom get users alice"), Prints("{alice,41}\n"));
//   }
#pragma once

#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <heirloom/heirloom.hpp>

namespace heirloom::e2e {

struct Outcome {
  int status;  // 128 + N when signal N ended it
  std::string out;
  std::string err;
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

class Shell : public ::testing::Test {
 protected:
  Shell();
  ~Shell() override;

  // A line that hangs is killed after two minutes: status 124.
  Outcome run(const std::string& line);
  // One command that goes on beside the test, until end(), or SIGTERM at the end of the test.
  pid_t start(const std::string& command);
  // Sends the signal and waits; the status as in Outcome.
  int end(pid_t process, int signal);
  // Waits until the line succeeds.
  void wait_until(const std::string& line);

  // A node table with these objects, which nobody owns.
  void make_table(const std::string& name, const std::vector<Term>& objects, const TableOptions& options = {});

  [[nodiscard]] const std::filesystem::path& node() const { return node_; }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return directory_ / name; }
  void write_file(const std::string& name, const std::string& bytes);
  [[nodiscard]] std::string read_file(const std::string& name) const;

 private:
  [[nodiscard]] std::string in_directory(const std::string& command) const;

  std::filesystem::path directory_;
  std::filesystem::path node_;
  std::set<pid_t> started_;
};

// Ends with status 0 and exactly this on standard output, and nothing on standard error.
MATCHER_P(Prints, text, "") { return arg.status == 0 && arg.out == text && arg.err.empty(); }

// Ends with this status, nothing on standard output, and one line `heirloom: ...` on standard error that has this in it.
MATCHER_P2(Complains, status, text, "") {
  const bool one_line = std::count(arg.err.begin(), arg.err.end(), '\n') == 1 && arg.err.back() == '\n';
  return arg.status == status && arg.out.empty() && one_line && arg.err.rfind("heirloom: ", 0) == 0 &&
         arg.err.find(text) != std::string::npos;
}

}  // namespace heirloom::e2e
