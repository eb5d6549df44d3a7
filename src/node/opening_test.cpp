// SPDX-License-Identifier: Apache-2.0
//
// Strategy: node directories as they are on a bad day; opening one says what is wrong, or puts it right.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "heirloom/node.hpp"

#include "node/helper_program.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"

namespace heirloom::node {
namespace {

using Opening = NodeDirectoryTest;

ErrorCode code_of_opening(const std::string& path, const NodeOptions& options = {}) {
  try {
    Node::open(path, options);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    return error.code();
  }
  ADD_FAILURE() << path << " was opened";
  return ErrorCode::io;
}

TEST_F(Opening, ADirectoryThatIsMissingIsMadeOnlyWhenAskedFor) {
  EXPECT_EQ(code_of_opening(node(), {.create = false}), ErrorCode::not_found);
  EXPECT_EQ(code_of_opening(node() + "/deeper"), ErrorCode::not_found);
  const Node opened = Node::open(node());
  EXPECT_TRUE(opened.is_manager());
  const auto permissions = std::filesystem::status(node()).permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_all);
}

TEST_F(Opening, ASymbolicLinkAndAPlainFileAreRefused) {
  std::filesystem::create_directory(node());
  std::filesystem::create_directory_symlink(node(), base() / "link");
  EXPECT_EQ(code_of_opening(base() / "link"), ErrorCode::not_permitted);
  EXPECT_EQ(code_of_opening((base() / "link").string() + "/"), ErrorCode::not_permitted);
  std::ofstream(base() / "file") << "hello";
  EXPECT_EQ(code_of_opening(base() / "file"), ErrorCode::not_found);
}

TEST_F(Opening, AnotherUsersDirectoryIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  std::filesystem::create_directory(node());
  ASSERT_EQ(::chown(node().c_str(), 12345, 12345), 0);
  EXPECT_EQ(code_of_opening(node()), ErrorCode::not_permitted);
}

TEST_F(Opening, AFileThatIsNoControlFileIsRefused) {
  std::filesystem::create_directory(node());
  std::ofstream(node() + "/node") << std::string(8192, 'x');
  EXPECT_EQ(code_of_opening(node()), ErrorCode::corrupt);
}

TEST_F(Opening, TheSameDirectoryIsTheSameNode) {
  const Node one = Node::open(node());
  const Node two = Node::open(base() / "." / "node");
  EXPECT_EQ(one.runtime(), two.runtime());
  EXPECT_EQ(one.root(), two.root());
}

TEST_F(Opening, AClosedNodeCanBeOpenedAgain) {
  { const Node node_once = Node::open(node()); }
  const Node again = Node::open(node());
  EXPECT_TRUE(again.is_manager());
  EXPECT_EQ(again.root(), (Pid{2, 0}));
}

TEST_F(Opening, AClientNeedsAManager) {
  EXPECT_EQ(code_of_opening(node(), {.role = NodeRole::client}), ErrorCode::no_manager);
}

TEST_F(Opening, AnObserverNeedsNoneAndChangesNothing) {
  {
    Node owner = Node::open(node());
    owner.open_or_create(Atom("lasting")).insert(Term{Atom("a"), 1});
  }
  const Node observer = Node::open(node(), {.role = NodeRole::observer});
  EXPECT_FALSE(observer.is_manager());
  EXPECT_EQ(observer.tables().size(), 1U);
  EXPECT_EQ(observer.open_table(Atom("lasting")).lookup(Term(Atom("a"))).size(), 1U);
  EXPECT_THROW(Node(observer).create(Atom("other")), Error);
}

TEST_F(Opening, APathTooLongForASocketIsNoObstacle) {
  const std::filesystem::path deep = base() / std::string(100, 'a') / std::string(100, 'b');
  std::filesystem::create_directories(deep);
  HelperProgram manager;
  EXPECT_EQ(manager.get("open " + (deep / "node").string()), "<0.1.0> manager");
  HelperProgram client;
  EXPECT_EQ(client.get("open " + (deep / "node").string()), "<0.2.0> client");
}

TEST_F(Opening, AStaleSocketInTheWayIsReplaced) {
  std::filesystem::create_directory(node());
  const os::Fd stale(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s/manager.sock", node().c_str());
  ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_TRUE(Node::open(node()).is_manager());
}

TEST_F(Opening, ASecondServerIsToldWhoIsTheFirst) {
  HelperProgram first({"serve", node()});
  ASSERT_EQ(first.hear(), "ok ready");
  HelperProgram second({"serve", node()});
  const std::string refusal = second.hear();
  EXPECT_NE(refusal.find("held by pid " + std::to_string(first.pid())), std::string::npos) << refusal;
  EXPECT_NE(second.wait(), 0);

  HelperProgram worker;
  EXPECT_EQ(worker.get("open " + node() + " client"), "<0.2.0> client");
  worker.get("open_or_create lasting");
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(), 0);
  worker.get("insert lasting {a,1}");
  HelperProgram third({"serve", node()});
  ASSERT_EQ(third.hear(), "ok ready");
  EXPECT_EQ(worker.get("find lasting"), "<0.2.0>");
}

TEST_F(Opening, AStoppedManagerCostsATimeOutAndNoMore) {
  HelperProgram server({"serve", node()});
  ASSERT_EQ(server.hear(), "ok ready");
  HelperProgram worker;
  worker.get("open " + node() + " any 300");
  worker.get("create words");
  server.stop();
  worker.get("insert words {a,1}");
  EXPECT_EQ(worker.ask("find words").substr(0, 17), "error no_manager:");
  server.signal(SIGCONT);
  EXPECT_EQ(worker.get("find words"), "<0.2.0>");
}

TEST_F(Opening, ASegmentThatWasCutShortIsSetAsideAndItsNameIsFree) {
  std::string segment;
  {
    Node owner = Node::open(node());
    owner.open_or_create(Atom("lasting"));
    segment = node() + "/tables/" + owner.tables().front().id;
  }
  std::filesystem::resize_file(segment, 100);
  Node next = Node::open(node());
  EXPECT_TRUE(next.tables().empty());
  EXPECT_FALSE(std::filesystem::is_empty(node() + "/broken"));
  next.open_or_create(Atom("lasting")).insert(Term{Atom("a"), 1});
}

TEST_F(Opening, AJournalThatIsLostOrSpoiledIsReplacedByWhatTheSegmentsTell) {
  for (const char* const spoiled : {"", "nonsense that is long enough to be a head"}) {
    {
      Node owner = Node::open(node());
      owner.open_or_create(Atom("lasting")).insert(Term{Atom("a"), 1});
    }
    std::ofstream(node() + "/journal", std::ios::trunc) << spoiled;
    Node next = Node::open(node());
    EXPECT_EQ(next.open_or_create(Atom("lasting")).lookup(Term(Atom("a"))).size(), 1U);
  }
}

TEST_F(Opening, LeftoversOfADeathAreRemoved) {
  std::filesystem::create_directories(node() + "/tables");
  std::ofstream(node() + "/tables/7.new") << "half a segment";
  std::ofstream(node() + "/journal.new") << "half a journal";
  std::ofstream(node() + "/node.1.new") << "half a control file";
  const Node opened = Node::open(node());
  EXPECT_FALSE(std::filesystem::exists(node() + "/tables/7.new"));
  EXPECT_FALSE(std::filesystem::exists(node() + "/journal.new"));
  EXPECT_FALSE(std::filesystem::exists(node() + "/node.1.new")) << "whoever has a pid that its name may seem to have";
}

TEST_F(Opening, AProgramThatDiesWhileItConnectsLeavesNothing) {
  HelperProgram server({"serve", node()});
  ASSERT_EQ(server.hear(), "ok ready");
  for (int count = 0; count < 40; ++count) {
    HelperProgram hasty;
    hasty.say("open " + node());
    ::usleep(static_cast<useconds_t>(count * 250));
    hasty.kill();
  }
  HelperProgram last;
  last.get("open " + node());
  // One of them may have died before it ever connected: the next adoption sees to it.
  server.kill();
  EXPECT_EQ(last.get("tables"), "0");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(node() + "/processes")) ++files;
  EXPECT_EQ(files, 1U);
}

TEST_F(Opening, AnUnfinishedProcessFileGoesAtTheNextDeathUnlessItsMakerLives) {
  const Node opened = Node::open(node());
  const std::string of_the_dead = node() + "/processes/1000001.new";
  const std::string of_the_living = node() + "/processes/1000002.new";
  std::ofstream(of_the_dead) << "half a process file";
  const os::Fd maker(::open(of_the_living.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(os::try_lock_file(maker));
  HelperProgram client;
  client.get("open " + node());
  EXPECT_TRUE(std::filesystem::exists(of_the_dead));
  client.kill();
  for (int look = 0; look < 20'000 && std::filesystem::exists(of_the_dead); ++look) ::usleep(1000);
  EXPECT_FALSE(std::filesystem::exists(of_the_dead));
  EXPECT_TRUE(std::filesystem::exists(of_the_living));
}

TEST_F(Opening, NoiseOnTheSocketHurtsNobody) {
  const Node opened = Node::open(node());
  for (int count = 0; count < 20; ++count) {
    const os::Fd stranger(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s/manager.sock", node().c_str());
    ASSERT_EQ(::connect(stranger.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const std::string noise(static_cast<std::size_t>(count) * 7, static_cast<char>(count));
    static_cast<void>(::send(stranger.get(), noise.data(), noise.size(), MSG_NOSIGNAL));
  }
  EXPECT_TRUE(opened.tables().empty());
}

}  // namespace
}  // namespace heirloom::node
