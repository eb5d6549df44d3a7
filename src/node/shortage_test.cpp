// SPDX-License-Identifier: Apache-2.0
//
// Strategy: real programs whose limit of descriptors is lowered below what they have open, so that nothing more can be opened,
// and raised again. No table may be handed over meanwhile by halves, and none may be lost.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "node/helper_program.hpp"
#include "os/fd.hpp"

namespace heirloom::node {
namespace {

class Shortage : public NodeDirectoryTest {
 protected:
  static void limit_descriptors(const HelperProgram& program, rlim_t count) {
    rlimit limit{};
    ASSERT_EQ(::prlimit(program.pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
    limit.rlim_cur = count;
    ASSERT_EQ(::prlimit(program.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  }
  static void allow_none(const HelperProgram& program) { limit_descriptors(program, 3); }
  static void allow_many(const HelperProgram& program) { limit_descriptors(program, 256); }

  // A connection that the manager cannot accept, for want of a descriptor: what it has open and need not have, it then closes.
  [[nodiscard]] os::Fd knock() const {
    os::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s/manager.sock", node().c_str());
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return socket;
  }
  [[nodiscard]] std::string log_path() const { return base() / "log"; }
  void wait_for_log(const std::string& text) const {
    for (;;) {
      std::ostringstream log;
      log << std::ifstream(log_path()).rdbuf();
      if (log.str().find(text) != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

TEST_F(Shortage, AManagerThatCannotOpenASegmentHandsTheTableOverWhenItCan) {
  HelperProgram manager({"serve", node(), log_path()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("register owner");
  owner.get("create words heir data");
  owner.get("insert words {apple,1}");
  heir.get("monitor owner");

  allow_none(manager);
  const os::Fd stranger = knock();
  wait_for_log("cannot be connected");
  owner.kill();
  wait_for_log("table \"words\" cannot be handed over");
  EXPECT_EQ(heir.get("await_transfer 200"), "none");
  EXPECT_EQ(heir.get("await_message 1"), "none");  // no notice of the death either
  EXPECT_EQ(heir.get("whereis heir"), "<0.2.0>");  // and nobody else has to wait

  allow_many(manager);
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.3.0> with data");
  EXPECT_NE(heir.get("await_message").find("'DOWN'"), std::string::npos);
  heir.get("insert words {pear,2}");
  EXPECT_EQ(heir.get("lookup words apple"), "{apple,1}");
}

TEST_F(Shortage, WhatIsAskedForIsRefusedAndNothingHasHappened) {
  HelperProgram manager({"serve", node(), log_path()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("create words");
  HelperProgram other;
  other.get("open " + node());
  other.get("register other");

  allow_none(manager);
  const os::Fd stranger = knock();
  wait_for_log("cannot be connected");
  for (const std::string request : {"give_away words other", "drop words", "create more"}) {
    EXPECT_TRUE(owner.ask(request).starts_with("error system_limit")) << request;
  }
  owner.get("insert words {apple,1}");
  EXPECT_EQ(other.get("await_transfer 1"), "none");

  allow_many(manager);
  owner.get("give_away words other");
  EXPECT_EQ(other.get("await_transfer"), "words from <0.2.0> with <<\"gift\">>");
}

TEST_F(Shortage, WhoCannotConnectIsLetInWhenThereAreDescriptorsAgain) {
  HelperProgram manager({"serve", node(), log_path()});
  ASSERT_EQ(manager.hear(), "ok ready");
  allow_none(manager);
  HelperProgram program;
  program.say("open " + node());
  wait_for_log("cannot be connected");
  allow_many(manager);
  EXPECT_EQ(program.hear(), "ok <0.2.0> client");
}

TEST_F(Shortage, AReceiverThatCannotOpenTheTableHasItWhenItCan) {
  HelperProgram manager;
  manager.get("open " + node());
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("register owner");
  owner.get("create words heir data");
  owner.get("insert words {apple,1}");
  heir.get("monitor owner");

  allow_none(heir);
  owner.kill();
  EXPECT_EQ(heir.get("await_transfer 200"), "none");
  EXPECT_EQ(heir.get("await_message 1"), "none");
  EXPECT_EQ(heir.get("whereis heir"), "<0.2.0>");

  allow_many(heir);
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.3.0> with data");
  EXPECT_NE(heir.get("await_message").find("'DOWN'"), std::string::npos);
  EXPECT_EQ(heir.get("lookup words apple"), "{apple,1}");
}

TEST_F(Shortage, AManagerWithFewerDescriptorsThanTablesAdoptsThemAll) {
  {
    HelperProgram maker;
    maker.get("open " + node());
    for (int table = 0; table < 60; ++table) maker.get("open_or_create table" + std::to_string(table));
    maker.get("insert table7 {apple,1}");
  }
  HelperProgram next;
  limit_descriptors(next, 48);
  EXPECT_NE(next.get("open " + node()).find("manager"), std::string::npos);
  HelperProgram client;
  client.get("open " + node());
  EXPECT_EQ(client.get("tables"), "60");
  EXPECT_EQ(client.get("open_or_create table7"), "owner");
  EXPECT_EQ(client.get("lookup table7 apple"), "{apple,1}");
  EXPECT_FALSE(std::filesystem::exists(node() + "/broken"));
}

TEST_F(Shortage, AProgramThatCannotEvenLookAtTheTablesDoesNotTakeThemForLost) {
  {
    HelperProgram maker;
    maker.get("open " + node());
    maker.get("open_or_create lasting");
    maker.get("insert lasting {apple,1}");
  }
  // Each limit ends the start somewhere else.
  for (rlim_t limit = 4; limit < 20; ++limit) {
    HelperProgram starved;
    limit_descriptors(starved, limit);
    starved.ask("open " + node() + " any 200");
  }
  HelperProgram next;
  next.get("open " + node());
  EXPECT_EQ(next.get("open_or_create lasting"), "owner");
  EXPECT_EQ(next.get("lookup lasting apple"), "{apple,1}");
}

TEST_F(Shortage, ATableWhoseFileWasTakenAwayIsLostAndItsHeirHearsOnlyOfTheDeath) {
  HelperProgram manager({"serve", node(), log_path()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("register owner");
  owner.get("create words heir data");
  heir.get("find words");
  heir.get("monitor owner");
  std::filesystem::remove(node() + "/tables/1");
  owner.kill();
  EXPECT_NE(heir.get("await_message").find("'DOWN'"), std::string::npos);
  EXPECT_EQ(heir.get("await_transfer 1"), "none");
  EXPECT_TRUE(heir.ask("lookup words apple").starts_with("error id"));
  EXPECT_EQ(heir.get("find words"), "none");
  wait_for_log("the segment of table 1 is lost");
}

}  // namespace
}  // namespace heirloom::node
