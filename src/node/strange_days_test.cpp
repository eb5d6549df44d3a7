// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what may be done to a program that has tables open, done to real ones - docs/strange-days.md has the list. Catches a handle that
// works where it must not, and a death that is hidden, or noticed where there is none.
#include <sys/resource.h>
#include <unistd.h>

#include <cctype>
#include <fstream>
#include <sstream>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

class StrangeDays : public NodeDirectoryTest {
 protected:
  static std::string line_of(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
  }
};

TEST_F(StrangeDays, AForkedChildOpensTheNodeForItselfAndHidesNotTheDeathOfItsParent) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer lets no child of a program with threads start threads";
#endif
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram parent;
  parent.get("open " + node());
  parent.get("create_public words 2097152 heir");
  EXPECT_EQ(parent.get("fork_and_open words"), "6 of 6 refused, opened");
  EXPECT_EQ(parent.get("lookup words child"), "{child,false}");
  parent.get("insert words {parent,alive}");
  parent.kill();  // its child lives on
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.2.0> with data");
  EXPECT_EQ(heir.get("lookup words parent"), "{parent,alive}");
}

TEST_F(StrangeDays, ProgramsThatAreStartedByPosixSpawnOrVforkChangeNothing) {
  HelperProgram program;
  program.get("open " + node());
  program.get("create words");
  EXPECT_EQ(program.get("spawn_others"), "ended");
  program.get("insert words {a,1}");
  EXPECT_EQ(program.get("lookup words a"), "{a,1}");
  EXPECT_EQ(program.get("find words"), "<0.1.0>");
}

TEST_F(StrangeDays, AProgramThatBecomesADaemonAfterItOpenedIsAnotherOne) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP()
      << "sanitizers know not what a child of a program with threads has of these: no threads, and their memory";
#endif
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram daemon;
  daemon.get("open " + node());
  daemon.get("create words heir data");
  EXPECT_EQ(daemon.get("daemon"), "daemon");
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.2.0> with data");
  EXPECT_TRUE(daemon.ask("insert words {a,1}").starts_with("error forked"));
  EXPECT_TRUE(daemon.ask("tables").starts_with("error forked"));
  EXPECT_EQ(daemon.get("open " + node()), "<0.3.0> client");
  EXPECT_EQ(daemon.get("find words"), "<0.1.0>");
}

// Where the kernel writes cores into the directory of the program that dies.
TEST_F(StrangeDays, ACoreDumpHoldsNoTableAndTheDeathIsNoticed) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a sanitizer's own memory would be in the core";
#endif
  const std::string pattern = line_of("/proc/sys/kernel/core_pattern");
  if (pattern.empty() || pattern.front() == '|' || pattern.front() == '/' || pattern.front() == '@')
    GTEST_SKIP() << "this machine gives cores to \"" << pattern << '"';
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  if (limit.rlim_max != RLIM_INFINITY) GTEST_SKIP() << "this machine limits cores to " << limit.rlim_max << " bytes";
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram dying;
  dying.get("open " + node());
  dying.get("create_public words 67108864 heir");
  EXPECT_TRUE(dying.get("fill words 0 100000").ends_with(" full"));
  std::filesystem::create_directory(base() / "cores");
  dying.say("dump_core " + (base() / "cores").string() + " 8");
  EXPECT_EQ(heir.get("await_transfer 60000"), "words from <0.2.0> with data");
  EXPECT_TRUE(WCOREDUMP(dying.wait()));
  const auto core = std::filesystem::directory_iterator(base() / "cores")->path();
  EXPECT_GT(std::filesystem::file_size(core), 8U << 20) << "its heap is there";
  EXPECT_LT(std::filesystem::file_size(core), 48U << 20) << "and its table is not";
}

TEST_F(StrangeDays, ATableIsMarkedToStayOutOfCoreDumps) {
  Node opened = Node::open(node());
  const Table table = opened.create("words"_atom);
  std::ifstream maps("/proc/self/smaps");
  std::string flags;
  bool of_the_table = false;
  for (std::string line; std::getline(maps, line);) {
    const bool of_facts = std::isupper(static_cast<unsigned char>(line.front())) != 0;  // of the mapping named before
    if (!of_facts) of_the_table = line.ends_with(node() + "/tables/1");
    if (of_the_table && line.starts_with("VmFlags:")) flags = line;
  }
  EXPECT_NE((flags + ' ').find(" dd "), std::string::npos) << flags;
}

}  // namespace
}  // namespace heirloom::node
