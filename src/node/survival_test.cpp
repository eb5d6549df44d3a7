// SPDX-License-Identifier: Apache-2.0
//
// Strategy: real programs, killed for real; another one must find what the rules promise. It catches whatever the parts do
// not say to each other when one of them cannot any more.
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "node/helper_program.hpp"
#include "os/fd.hpp"
#include "shm/peers.hpp"

namespace heirloom::node {
namespace {

using Survival = NodeDirectoryTest;

TEST_F(Survival, TheHeirGetsTheTableOfAKilledOwner) {
  HelperProgram heir;
  EXPECT_EQ(heir.get("open " + node()), "<0.1.0> manager");
  heir.get("register heir");
  HelperProgram owner;
  EXPECT_EQ(owner.get("open " + node()), "<0.2.0> client");
  owner.get("create words heir {since,4}");
  owner.get("insert words {apple,1}");
  owner.kill();
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.2.0> with {since,4}");
  EXPECT_EQ(heir.get("lookup words apple"), "{apple,1}");
  heir.get("insert words {pear,2}");
  EXPECT_EQ(heir.get("find words"), "<0.1.0>");
}

TEST_F(Survival, ATableWithoutAnHeirGoesWithItsOwnerAndANodeTableStays) {
  HelperProgram keeper;
  keeper.get("open " + node());
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("create mortal");
  EXPECT_EQ(owner.get("open_or_create lasting"), "owner");
  owner.get("insert lasting {a,1}");
  keeper.get("register keeper");
  keeper.get("find mortal");
  owner.get("register owner");
  keeper.get("monitor owner");
  owner.kill();
  keeper.get("await_message");  // 'DOWN': by then the tables have moved
  EXPECT_EQ(keeper.get("find mortal"), "none");
  EXPECT_EQ(keeper.get("find lasting"), "node");
  EXPECT_EQ(keeper.get("whereis owner"), "none");
  EXPECT_EQ(keeper.get("open_or_create lasting"), "owner");
  EXPECT_EQ(keeper.get("lookup lasting a"), "{a,1}");
}

TEST_F(Survival, ACleanExitMovesTheTablesToo) {
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("create words heir data");
  owner.say("exit");
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.2.0> with data");
  EXPECT_EQ(owner.wait(), 0);
}

// Its last handle has gone, and Bye is not said yet.
TEST_F(Survival, ATableThatComesWhileTheNodeIsBeingClosedGoesToTheHeir) {
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("create words heir data");
  HelperProgram leaving;
  leaving.get("open " + node());
  leaving.get("register leaving");
  leaving.say("close_slowly 500");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  owner.get("give_away words leaving");
  EXPECT_EQ(leaving.hear(), "ok ");
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.3.0> with data");
  leaving.get("open " + node());
}

TEST_F(Survival, AWorkerGoesOnAndTakesOverWhenTheManagerIsKilled) {
  HelperProgram manager;
  EXPECT_EQ(manager.get("open " + node()), "<0.1.0> manager");
  HelperProgram worker;
  EXPECT_EQ(worker.get("open " + node()), "<0.2.0> client");
  worker.get("create words");
  worker.get("insert words {apple,1}");
  worker.get("register worker");
  manager.kill_only();
  worker.get("insert words {pear,2}");  // needs no manager
  manager.wait();
  EXPECT_EQ(worker.get("find words"), "<0.2.0>");  // needs one: the worker itself, by now
  EXPECT_EQ(worker.get("manager"), "yes");
  EXPECT_EQ(worker.get("whereis worker"), "<0.2.0>");
  HelperProgram third;
  EXPECT_EQ(third.get("open " + node()), "<0.3.0> client");
  EXPECT_EQ(third.get("find words"), "<0.2.0>");
  EXPECT_EQ(third.get("lookup words pear"), "{pear,2}");
}

TEST_F(Survival, DeathsThatNobodyNoticedAreSettledByTheNextManager) {
  {
    HelperProgram both;
    both.get("open " + node());
    both.get("open_or_create lasting");
    both.get("insert lasting {a,1}");
    both.get("create mortal");
    both.kill();
  }
  HelperProgram next;
  EXPECT_EQ(next.get("open " + node()), "<0.2.0> manager");
  EXPECT_EQ(next.get("tables"), "1");
  EXPECT_EQ(next.get("open_or_create lasting"), "owner");
  EXPECT_EQ(next.get("lookup lasting a"), "{a,1}");
  EXPECT_FALSE(std::filesystem::exists(node() + "/processes/1"));
}

// A killed program whose client's thread is gone already while another of its threads has not been stopped yet, for as long as
// a test needs to look.
TEST_F(Survival, ADeadProgramsFileStaysUntilItsLastThreadHasStopped) {
  { HelperProgram().get("open " + node()); }
  const os::Fd directory(::open(node().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t dying = ::fork();
  if (dying == 0) {
    static shm::Attachment attachment = shm::Attachment::attach(directory.get(), false).value_or_raise();
    static_cast<void>(attachment.process->this_thread());
    std::thread([&] {
      attachment.process->hold_program_life();
      const std::uint32_t number = attachment.process->number();
      if (::write(ready[1], &number, sizeof number) != sizeof number) ::_exit(1);
      ::syscall(SYS_exit, 0);  // of this thread alone
    }).detach();
    for (;;) ::pause();
  }
  std::uint32_t number = 0;
  ASSERT_EQ(::read(ready[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
  const std::string file = node() + "/" + shm::process_file_name(number);

  HelperProgram manager;
  EXPECT_EQ(manager.get("open " + node()), "<0." + std::to_string(number + 1) + ".0> manager");
  EXPECT_TRUE(std::filesystem::exists(file));
  const auto look_again = [&] {  // a manager does when another program goes
    HelperProgram passing;
    passing.get("open " + node());
    passing.kill();
    EXPECT_EQ(manager.get("tables"), "0");
  };
  look_again();
  EXPECT_TRUE(std::filesystem::exists(file));
  ::kill(dying, SIGKILL);
  ::waitpid(dying, nullptr, 0);
  while (std::filesystem::exists(file)) look_again();
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(Survival, ATransferThatNobodyAcknowledgedIsSentAgainByTheNextManager) {
  HelperProgram manager;
  manager.get("open " + node());
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("create words heir data");
  heir.stop();
  owner.kill();
  while (manager.get("find words") != "<0.2.0>") {
  }
  manager.kill();
  heir.signal(SIGCONT);
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.3.0> with data");
  EXPECT_EQ(heir.get("await_transfer 200"), "none");  // once
  EXPECT_EQ(heir.get("find words"), "<0.2.0>");
}

TEST_F(Survival, MessagesAndDeathsGoBetweenPrograms) {
  HelperProgram one;
  one.get("open " + node());
  one.get("register one");
  HelperProgram two;
  two.get("open " + node());
  two.get("register two");
  two.get("send one {hello,[1,2,3]}");
  EXPECT_EQ(one.get("await_message"), "{hello,[1,2,3]}");
  one.get("monitor two");
  two.get("send one last_words");
  two.kill();
  EXPECT_EQ(one.get("await_message"), "last_words");
  const std::string down = one.get("await_message");
  EXPECT_NE(down.find("'DOWN'"), std::string::npos) << down;
  EXPECT_NE(down.find("killed"), std::string::npos) << down;
}

TEST_F(Survival, AMessageOfAMegabyteArrives) {
  HelperProgram one;
  one.get("open " + node());
  one.get("register one");
  HelperProgram two;
  two.get("open " + node());
  const std::string big = "<<\"" + std::string(1 << 20, 'x') + "\">>";
  two.get("send one " + big);
  EXPECT_EQ(one.get("await_message"), big);
}

TEST_F(Survival, AForkedChildIsToldToOpenAgainAndDoesNotHideTheDeathOfItsParent) {
  HelperProgram manager;
  manager.get("open " + node());
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  manager.get("create words heir data");
  EXPECT_EQ(manager.get("fork words"), "forked");
  manager.kill();  // its child lives on
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.1.0> with data");
  EXPECT_EQ(heir.get("manager"), "yes");
}

TEST_F(Survival, ManyProgramsThatOpenAtOnceAgreeOnOneManager) {
  std::vector<std::unique_ptr<HelperProgram>> programs;
  for (int count = 0; count < 8; ++count) programs.push_back(std::make_unique<HelperProgram>());
  for (const auto& program : programs) program->say("open " + node());
  int managers = 0;
  for (const auto& program : programs) managers += program->hear().ends_with("manager") ? 1 : 0;
  EXPECT_EQ(managers, 1);
  for (const auto& program : programs) program->get("open_or_create shared");
  // The manager dies again and again, until one is left.
  while (programs.size() > 1) {
    for (auto program = programs.begin(); program != programs.end(); ++program) {
      if ((*program)->get("manager") != "yes") continue;
      (*program)->kill();
      programs.erase(program);
      break;
    }
    for (const auto& program : programs) EXPECT_EQ(program->get("tables"), "1");
  }
}

}  // namespace
}  // namespace heirloom::node
