// SPDX-License-Identifier: Apache-2.0
//
// Strategy: the demo on text and seeds that are not its own. It must come out clean on all of them, must fail when what it
// shows is broken on purpose, and must leave nothing behind however it ends.
#include <signal.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// Nothing when the process has gone meanwhile, which is no error of a stream's operator, but one of its iterators.
std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class Demo : public Shell {
 protected:
  // Words of odd bytes, long lines, empty files, no line break at the end.
  void write_text() {
    fs::create_directories(file("text") / "deep");
    std::ostringstream lines;
    for (int line = 0; line < 300; ++line)
      lines << "line " << line << "\tof many, many \xff\xfe bytes " << line % 7 << '\n';
    write_file("text/lines", lines.str());
    write_file("text/deep/no-break-at-the-end", "the end");
    write_file("text/deep/empty", "");
    std::ostringstream one_line;
    for (int word = 0; word < 4000; ++word) one_line << "word" << word % 100 << (word % 3 == 0 ? "\v" : "  ");
    write_file("text/one-line", one_line.str() + std::string(10'000, 'x'));
  }

  // Each process of a demo has the node's path among its arguments.
  [[nodiscard]] std::vector<std::string> processes_of_this_node() const {
    std::vector<std::string> found;
    for (const auto& process : fs::directory_iterator("/proc")) {
      const std::string arguments = contents(process.path() / "cmdline");
      if (arguments.find(node().string()) != std::string::npos) found.push_back(arguments);
    }
    return found;
  }

  static constexpr const char* kClean = "verdict   lost 0, doubled 0, torn 0\n";
};

TEST_F(Demo, AnotherTextAndAnotherSeedLoseNothing) {
  write_text();
  const Outcome demo = run("heirloom demo --input text --kills 30 --seed 20260 --node kept --keep");
  ASSERT_EQ(demo.status, 0) << demo;
  EXPECT_THAT(demo.out, HasSubstr("seed 20260"));
  EXPECT_THAT(demo.out, HasSubstr("kills     30, of which "));
  EXPECT_THAT(demo.out, HasSubstr(kClean));

  const std::string words = run(R"({ cat text/deep/*; echo; cat text/lines text/one-line; } |
                                   LC_ALL=C tr -s ' \t\n\v\f\r' '\n' | LC_ALL=C grep -ac .)")
                                .out;
  EXPECT_THAT(demo.out,
              ContainsRegex("input     4 files, [0-9]+ bytes, " + words.substr(0, words.find('\n')) + " words\n"));
  EXPECT_EQ(run("heirloom check words --node kept").status, 0);
  EXPECT_EQ(run("heirloom get words '<<\"end\">>' --node kept").status, 0);
}

TEST_F(Demo, ReadsStandardInputAndSeveralPaths) {
  write_text();
  const Outcome demo = run("seq 1 2000 | heirloom demo --input - text/lines --kills 30 --seed 4");
  ASSERT_EQ(demo.status, 0) << demo;
  EXPECT_THAT(demo.out, HasSubstr("input     2 files, "));
  EXPECT_THAT(demo.out, HasSubstr(kClean));
}

TEST_F(Demo, CountsTheWordsThatWcCounts) {
  const std::string words = run("cat $(find /usr/share/common-licenses -type f) | LC_ALL=C wc -w").out;
  const Outcome demo = run("heirloom demo --kills 10 --seed 1");
  EXPECT_THAT(demo.out, HasSubstr(' ' + words.substr(0, words.find('\n')) + " words\n"));
}

TEST_F(Demo, AnInsertThatIsSplitIsReported) {
  const Outcome demo = run("heirloom demo --kills 30 --seed 3 --sabotage split-insert");
  EXPECT_EQ(demo.status, 1) << demo;
  EXPECT_THAT(demo.out, ContainsRegex("verdict   lost [0-9]+, doubled [0-9]+, torn [0-9]+"));
  EXPECT_THAT(demo.out, ::testing::Not(HasSubstr(kClean)));
}

TEST_F(Demo, ARepairThatIsLeftOutIsReported) {
  const Outcome demo = run("heirloom demo --kills 30 --seed 3 --sabotage no-repair");
  EXPECT_EQ(demo.status, 1) << demo;
  EXPECT_THAT(demo.out, ContainsRegex("verdict   lost [0-9]+, doubled [0-9]+, torn [0-9]+"));
  EXPECT_THAT(demo.out, ::testing::Not(HasSubstr(kClean)));
}

TEST_F(Demo, InputThatCannotBeUsedIsSaid) {
  write_file("empty", " \n");
  fs::create_directories(file("full"));
  write_file("full/file", "");
  EXPECT_THAT(run("heirloom demo --input nowhere"), Complains(2, "demo: --input nowhere: No such file or directory"));
  EXPECT_THAT(run("heirloom demo --input empty"), Complains(2, "demo: --input: there is no word in it"));
  EXPECT_THAT(run("heirloom demo --node full"), Complains(2, "--node full: it is not empty"));
  EXPECT_TRUE(fs::exists(file("full/file")));
}

TEST_F(Demo, LeavesNothingBehindWhenItEndsAndWhenItIsInterrupted) {
  ASSERT_EQ(run("heirloom demo --kills 10 --seed 5 --node $HEIRLOOM_NODE").status, 0);
  EXPECT_FALSE(fs::exists(node()));
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t demo = start("heirloom demo --kills 1000000 --node $HEIRLOOM_NODE > report 2>&1");
    wait_until("heirloom info words");
    EXPECT_EQ(end(demo, signal), 128 + signal) << read_file("report");
    EXPECT_FALSE(fs::exists(node()));
    EXPECT_THAT(processes_of_this_node(), ::testing::IsEmpty());
  }
  EXPECT_EQ(run("ls -d heirloom-demo*").out, "");
}

// The directory is a new one, in shared memory: `heirloom serve`, a child of the demo, has its path among its arguments.
std::string node_of(pid_t demo) {
  for (;;) {
    for (const auto& process : fs::directory_iterator("/proc")) {
      const std::string parent = "PPid:\t" + std::to_string(demo) + '\n';
      if (contents(process.path() / "status").find(parent) == std::string::npos) continue;
      std::istringstream arguments(contents(process.path() / "cmdline"));
      for (std::string argument; std::getline(arguments, argument, '\0');) {
        if (argument == "--node" && std::getline(arguments, argument, '\0')) return argument;
      }
    }
  }
}

TEST_F(Demo, WhatAKilledOneLeavesBehindIsRemovedByTheNextAndNothingElse) {
  const pid_t living = start("heirloom demo --kills 1000000 > living 2>&1");
  const std::string used = node_of(living);
  const pid_t killed = start("heirloom demo --kills 1000000 > killed 2>&1");
  const std::string left = node_of(killed);
  EXPECT_EQ(end(killed, SIGKILL), 128 + SIGKILL);
  EXPECT_TRUE(fs::exists(left));
  const Outcome next = run("heirloom demo --kills 4 --seed 1 --keep");
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(used));
  const std::size_t at = next.out.find("--node ");
  ASSERT_NE(at, std::string::npos) << next;
  const std::string kept = next.out.substr(at + 7, next.out.find('\n', at) - at - 7);
  run("heirloom demo --kills 4 --seed 1");
  EXPECT_TRUE(fs::exists(kept));
  fs::remove_all(kept);
  EXPECT_EQ(end(living, SIGTERM), 128 + SIGTERM);
  EXPECT_FALSE(fs::exists(used));
}

}  // namespace

}  // namespace heirloom::e2e
