// SPDX-License-Identifier: Apache-2.0
//
// Strategy: node directories that are copied, moved, kept over a reboot and laid on a disk, with a writer that is in the middle of a write
// then. Catches numbers of programs, locks and lives that are believed where they are no longer true.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "heirloom/heirloom.hpp"

#include "node/mount_fixture.hpp"
#include "node/stopped_fixture.hpp"

namespace heirloom::node {
namespace {

using namespace literals;
namespace fs = std::filesystem;

class Moved : public Stopped {
 protected:
  [[nodiscard]] std::string other() const { return (base() / "other").string(); }
  static void shell(const std::string& line) { ASSERT_EQ(std::system(line.c_str()), 0) << line; }

  // A writer that is stopped in the middle of a write, as program 2.
  void stop_a_writer() {
    open(writer, node());
    writer.get("write_forever words 1");
    static_cast<void>(stop_in_write(writer.pid(), 2));
  }
  // A node that was never open as this one: whoever comes finds the locks of the dead.
  void expect_a_node_of_its_own(const std::string& directory) {
    HelperProgram program;
    EXPECT_TRUE(program.get("open " + directory).ends_with(" manager"));
    program.get("find words");
    EXPECT_EQ(program.get("lookup words " + key_of(0)), "{" + key_of(0) + ",before}");
    expect_that_all_can_be_written_and_is_whole(program);
  }

  static constexpr std::streamoff kBootIdOffset = 16;  // of the file `node`

  HelperProgram writer;
};

TEST_F(Moved, ACopyThatIsTakenWhileNobodyWritesIsANodeOfItsOwn) {
  manager.get("keep words");
  stop_a_writer();
  shell("cp -a " + node() + " " + other());
  expect_a_node_of_its_own(other());
  // The one that was copied knows nothing of it.
  EXPECT_EQ(manager.get("lookup words " + key_of(0)), "{" + key_of(0) + ",before}");
  writer.signal(SIGCONT);
  expect_that_all_can_be_written_and_is_whole(manager);
}

// What a copy lacks is given to it before anybody can touch it: else a full file system would end a program by SIGBUS.
TEST_F(Moved, ACopyWithHolesGetsItsMemoryOrIsRefused) {
  manager.get("keep words");
  manager.get("overwrite words 1000000 1000 100");
  manager.kill();
  const Mount mount(base() / "small", "size=8m");
  if (!mount.is_mounted()) GTEST_SKIP() << "this machine lets nobody mount";
  const std::string copy = base() / "small" / "node";
  shell("cp -a --sparse=always " + node() + " " + copy);
  {
    std::ofstream filler(base() / "small" / "filler");
    const std::string page(4096, 'x');
    while (filler.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) continue;
  }
  HelperProgram refused;
  const std::string refusal = refused.ask("open " + copy);
  EXPECT_TRUE(refusal.starts_with("error full")) << refusal;
  EXPECT_NE(refusal.find("give segment \"tables/1\" its memory"), std::string::npos) << refusal;
  fs::remove(base() / "small" / "filler");
  expect_a_node_of_its_own(copy);
  struct stat before {};
  struct stat after {};
  ::stat((node() + "/tables/1").c_str(), &before);
  ::stat((copy + "/tables/1").c_str(), &after);
  EXPECT_GE(after.st_blocks, before.st_blocks);
}

TEST_F(Moved, ADirectoryThatIsMovedWhileItIsOpenStaysTheSameNode) {
  HelperProgram client;
  open(client, node());
  fs::rename(node(), other());
  client.get("insert words {" + key_of(1) + ",moved}");
  manager.get("create_public more 2097152");
  client.get("find more");
  HelperProgram late;
  EXPECT_EQ(late.get("open " + other()), "<0.3.0> client");
  late.get("find words");
  EXPECT_EQ(late.get("lookup words " + key_of(1)), "{" + key_of(1) + ",moved}");
  manager.kill();
  EXPECT_EQ(late.get("tables"), "0") << "the manager's tables went with it, noticed by the next one";
  // Where it was there is none; who opens it makes another one.
  HelperProgram stranger;
  EXPECT_EQ(stranger.get("open " + node()), "<0.1.0> manager");
}

TEST_F(Moved, ADirectoryMetAgainAfterARebootHasNobodyWhoLives) {
  manager.get("keep words");
  stop_a_writer();
  // As a disk keeps it: the same directory, in which locks are held and life words say that their holders live; of another boot.
  shell("cp -a " + node() + " " + other());
  writer.kill();
  manager.kill();
  shell("cp -a " + other() + "/. " + node());
  {
    std::fstream control(node() + "/node", std::ios::in | std::ios::out | std::ios::binary);
    control.seekp(kBootIdOffset);
    control << std::string(36, '0');
  }
  expect_a_node_of_its_own(node());
  std::string boot(36, ' ');
  std::string stored(36, ' ');
  std::ifstream("/proc/sys/kernel/random/boot_id").read(boot.data(), 36);
  std::ifstream control(node() + "/node", std::ios::binary);
  control.seekg(kBootIdOffset).read(stored.data(), 36);
  EXPECT_EQ(stored, boot) << "the first to come has declared all numbers of the other boot dead";
  EXPECT_FALSE(fs::exists(node() + "/processes/2"));
}

// What is on a disk the system writes there when it likes; nothing else is different.
TEST_F(Moved, ANodeOnADiskIsLikeAnyOther) {
  const fs::path disk = fs::current_path() / ("heirloom-disk-test-" + std::to_string(::getpid()));
  {
    HelperProgram heir;
    heir.get("open " + disk.string());
    heir.get("register heir");
    HelperProgram owner;
    owner.get("open " + disk.string());
    owner.get("create_public words 4194304 heir");
    EXPECT_EQ(owner.get("overwrite words 0 1000 1000"), "1000");
    owner.get("write_forever words 1");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    owner.kill();
    EXPECT_EQ(heir.get("await_transfer"), "words from <0.2.0> with data");
    EXPECT_EQ(heir.get("check words"), "fine");
    heir.get("insert words {0,after}");
  }
  fs::remove_all(disk);
}

}  // namespace
}  // namespace heirloom::node
