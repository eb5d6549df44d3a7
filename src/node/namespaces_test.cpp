// SPDX-License-Identifier: Apache-2.0
//
// Strategy: programs in pid namespaces and time namespaces of their own, as containers are, which use one node with others. Catches whatever
// is decided by a pid, which there names somebody else, or by comparing the clocks of two programs.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "node/stopped_fixture.hpp"
#include "shm/peers.hpp"

namespace heirloom::node {
namespace {

using std::chrono::milliseconds;

class Namespaces : public Stopped {
 protected:
  // unshare(1) with these options, which starts a program and ends it when it ends itself; empty when this machine does not let it.
  static std::vector<std::string> starter(const std::vector<std::string>& options) {
    std::vector<std::string> words{"/usr/bin/unshare", "--fork", "--kill-child"};
    if (::geteuid() != 0) words.insert(words.end(), {"--user", "--map-root-user"});
    words.insert(words.end(), options.begin(), options.end());
    std::string line;
    for (const std::string& word : words) line += word + ' ';
    return std::system((line + "true 2> /dev/null").c_str()) == 0 ? words : std::vector<std::string>();
  }
  // The program that it has started.
  static pid_t started_by(const HelperProgram& starter) {
    const std::string process = "/proc/" + std::to_string(starter.pid());
    std::ifstream children(process + "/task/" + std::to_string(starter.pid()) + "/children");
    pid_t child = 0;
    children >> child;
    EXPECT_NE(child, 0);
    return child;
  }
};

// Two programs that both have the pid 1, and others that see other pids.
TEST_F(Namespaces, ProgramsInSeveralPidNamespacesShareLocksAndNoticeEachOthersDeaths) {
  const auto container = starter({"--pid"});
  if (container.empty()) GTEST_SKIP() << "this machine makes no pid namespaces";
  HelperProgram heir;  // program 2
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram writer = HelperProgram::under(container);
  open(writer, node());
  HelperProgram waiting = HelperProgram::under(container);
  open(waiting, node());
  EXPECT_EQ(writer.get("os_pid"), "1");
  EXPECT_EQ(waiting.get("os_pid"), "1");
  writer.get("create_public own 2097152 heir");
  writer.get("write_forever words 1");
  const pid_t process = started_by(writer);
  const std::uint32_t stripe = stop_in_write(process, 3).front().stripe;

  waiting.say("insert words {" + key_of(stripe) + ",after}");
  EXPECT_FALSE(waiting.answers_within(milliseconds(200))) << "its holder lives";
  ::kill(process, SIGKILL);
  EXPECT_EQ(waiting.hear(), "ok ");
  EXPECT_EQ(heir.get("await_transfer"), "own from <0.3.0> with data");
  expect_that_all_can_be_written_and_is_whole(waiting);
  // The manager dies too, and whoever is the next one knows of the deaths of the others.
  manager.kill();
  EXPECT_EQ(heir.get("find own"), "<0.2.0>");
  EXPECT_EQ(heir.get("find words"), "none") << "its owner was the manager";
  EXPECT_EQ(waiting.get("find own"), "<0.2.0>");
}

TEST_F(Namespaces, AChildWithThePidOfItsParentIsNotTheParent) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "LeakSanitizer takes what the threads of its parent had for lost in a child";
#endif
  const auto container = starter({"--pid"});
  if (container.empty()) GTEST_SKIP() << "this machine makes no pid namespaces";
  HelperProgram first = HelperProgram::under(container);  // program 2
  open(first, node());
  EXPECT_EQ(first.get("os_pid"), "1");
  first.get("insert words {first,1}");  // its thread has a place in its process file
  const os::Fd directory(::open(node().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto attachment = shm::Attachment::attach(directory.get(), false).value_or_raise();
  const auto header = attachment.peers->program_header(2);
  const auto living_threads = [&] {
    const shm::ProcessView view(reinterpret_cast<const std::byte*>(header.get()));
    int count = 0;
    for (std::uint32_t index = 0; index < view.slot_count(); ++index)
      count += os::LifeWord::is_alive(view.slot(index).life.value()) ? 1 : 0;
    return count;
  };
  const int before = living_threads();
  EXPECT_GT(before, 0);
  EXPECT_EQ(first.get("fork_into_namespace"), "0");
  EXPECT_EQ(living_threads(), before) << "the child has given back what its parent holds";
  first.get("insert words {first,2}");
}

// Deadlines of watchdogs are times of CLOCK_MONOTONIC, which a time namespace shifts.
TEST_F(Namespaces, AProgramWithAnotherClockIsTakenForHungOnlyWhenItHangs) {
  for (const char* const shift : {"100000", "-60"}) {
    const auto shifted = starter({"--time", "--monotonic=" + std::string(shift)});
    if (shifted.empty()) GTEST_SKIP() << "this machine makes no time namespaces";
    HelperProgram other = HelperProgram::under(shifted);
    other.get("open " + node());
    other.get("create_public own 2097152 manager");
    EXPECT_EQ(other.ask("beat 2000 1000 3"), "ok ") << "beats in time, " << shift;
    other.get("insert own {a,1}");
    other.say("hang 200");
    EXPECT_TRUE(manager.get("await_transfer").starts_with("own from")) << shift;
    EXPECT_EQ(manager.get("lookup own a"), "{a,1}");
    manager.get("drop own");
  }
}

}  // namespace
}  // namespace heirloom::node
