// SPDX-License-Identifier: Apache-2.0
//
// Strategy: real programs whose limits are lowered while they have tables open, and file systems and control groups that have no more; then
// there is room again. Catches who dies by a signal (SIGXFSZ, SIGBUS, the OOM killer), a table that was changed by halves, and who stays refused.
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "node/helper_program.hpp"
#include "node/mount_fixture.hpp"

namespace heirloom::node {
namespace {

namespace fs = std::filesystem;

class Full : public NodeDirectoryTest {
 protected:
  static void limit_file_bytes(const HelperProgram& program, rlim_t bytes) {
    rlimit limit{};
    ASSERT_EQ(::prlimit(program.pid(), RLIMIT_FSIZE, nullptr, &limit), 0);
    limit.rlim_cur = bytes;
    ASSERT_EQ(::prlimit(program.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }
  static void lift_limit(const HelperProgram& program) { limit_file_bytes(program, RLIM_INFINITY); }
  [[nodiscard]] std::uintmax_t bytes_of(const std::string& file) const { return fs::file_size(node() + "/" + file); }

  // Fills the table `words` with objects from key 1 on, and expects that it says `full`, serves its readers, and takes writes again that need
  // no more memory than others give back.
  static void expect_full_and_usable(HelperProgram& program) {
    program.get("insert words {0,before}");
    std::istringstream answer(program.get("fill words 1 1000"));
    std::int64_t first_missing = 0;
    std::string code;
    answer >> first_missing >> code;
    EXPECT_EQ(code, "full");
    EXPECT_GT(first_missing, 10);
    EXPECT_EQ(program.get("lookup words 0"), "{0,before}");
    EXPECT_EQ(program.get("lookup words " + std::to_string(first_missing)), "none");
    EXPECT_NE(program.get("lookup words " + std::to_string(first_missing - 1)), "none");
    EXPECT_EQ(program.get("check words"), "fine");
    program.get("remove words 1 " + std::to_string(first_missing - 1));
    answer = std::istringstream(program.get("fill words 1 1000"));
    std::int64_t again = 0;
    answer >> again;
    EXPECT_GT(again, first_missing / 2) << "what was deleted made room";
    EXPECT_EQ(program.get("check words"), "fine");
  }
};

TEST_F(Full, AProgramAtItsLimitOfFileSizesIsToldAndGoesOn) {
  HelperProgram program;
  program.get("open " + node());
  program.get("create_public words 4194304");
  program.get("insert words {0,before}");
  limit_file_bytes(program, bytes_of("tables/1") + 300'000);
  expect_full_and_usable(program);
  lift_limit(program);
  EXPECT_EQ(program.get("overwrite words 1000000 2000 50"), "50");
}

TEST_F(Full, ADictionaryThatCannotGrowRefusesNewAtomsOnly) {
  HelperProgram program;
  program.get("open " + node());
  program.get("create_public words 4194304");
  program.get("insert words {1,known}");
  limit_file_bytes(program, 500'000);  // the dictionary lies before the pages
  EXPECT_EQ(program.get("atoms words"), "full");
  EXPECT_EQ(program.get("check words"), "fine");
  program.get("insert words {1,known}");
  EXPECT_EQ(program.get("lookup words 1"), "{1,known}");
  lift_limit(program);
  program.get("insert words {1,unknown}");
}

TEST_F(Full, AProgramThatCannotMakeItsFileIsToldSoAndCanOpenTheNodeLater) {
  HelperProgram manager;
  manager.get("open " + node());
  HelperProgram program;
  limit_file_bytes(program, 1000);
  const std::string refusal = program.ask("open " + node());
  EXPECT_TRUE(refusal.starts_with("error full")) << refusal;
  EXPECT_NE(refusal.find("RLIMIT_FSIZE"), std::string::npos) << refusal;
  lift_limit(program);
  EXPECT_EQ(program.get("open " + node()).substr(0, 4), "<0.3");
}

TEST_F(Full, AManagerAtItsLimitRefusesNewTablesAndServesTheOthers) {
  HelperProgram manager;
  manager.get("open " + node());
  HelperProgram program;
  program.get("open " + node());
  program.get("create words");
  limit_file_bytes(manager, 10'000);
  EXPECT_TRUE(program.ask("create more").starts_with("error full"));
  EXPECT_EQ(program.get("tables"), "1");
  program.get("insert words {a,1}");
  lift_limit(manager);
  program.get("create more");
  EXPECT_EQ(program.get("tables"), "2");
  EXPECT_EQ(std::distance(fs::directory_iterator(node() + "/tables"), fs::directory_iterator()), 2);
}

TEST_F(Full, AManagerWhoseJournalCannotGrowLivesAndHandsTablesOn) {
  HelperProgram manager({"serve", node(), (base() / "log").string()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram heir;
  heir.get("open " + node() + " client");
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node() + " client");
  owner.get("create_public words 2097152 heir");
  limit_file_bytes(manager, bytes_of("journal") + 10);
  const std::string refusal = owner.ask("register owner");
  EXPECT_TRUE(refusal.starts_with("error full")) << refusal;
  EXPECT_EQ(heir.get("whereis owner"), "none");
  owner.get("insert words {a,1}");
  owner.kill();
  EXPECT_EQ(heir.get("await_transfer"), "words from <0.3.0> with data");
  lift_limit(manager);
  heir.get("create more");
  EXPECT_EQ(heir.get("lookup words a"), "{a,1}");
  // What could not be written then is written now: the next manager knows who owns the table.
  manager.kill();
  HelperProgram next({"serve", node(), (base() / "log").string()});
  ASSERT_EQ(next.hear(), "ok ready");
  EXPECT_EQ(heir.get("find words"), "<0.2.0>");
}

TEST_F(Full, ASmallFileSystemIsFilledByTablesOnlySoFarThatProgramsCanStillComeAndDelete) {
  const Mount mount(base() / "small", "size=4m");
  if (!mount.is_mounted()) GTEST_SKIP() << "this machine lets nobody mount";
  const std::string small = base() / "small" / "node";
  HelperProgram program;
  program.get("open " + small);
  program.get("create_public words 67108864");
  expect_full_and_usable(program);
  HelperProgram late;
  late.get("open " + small);
  late.get("find words");
  late.get("remove words 1 100");
  EXPECT_EQ(late.get("check words"), "fine");
  EXPECT_TRUE(late.ask("create more").starts_with("error full"));
  EXPECT_EQ(late.get("tables"), "1");
}

// Somebody else may fill it to the last byte.
TEST_F(Full, AFileSystemThatOthersHaveFilledRefusesProgramsAndKeepsTheTables) {
  const Mount mount(base() / "small", "size=4m");
  if (!mount.is_mounted()) GTEST_SKIP() << "this machine lets nobody mount";
  const std::string small = base() / "small" / "node";
  HelperProgram program;
  program.get("open " + small);
  program.get("create_public words 67108864");
  program.get("insert words {0,before}");
  {
    std::ofstream other(base() / "small" / "other");
    const std::string page(4096, 'x');
    while (other.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) continue;
  }
  EXPECT_TRUE(program.get("fill words 1 1000").ends_with(" full"));
  EXPECT_EQ(program.get("lookup words 0"), "{0,before}");
  EXPECT_EQ(program.get("check words"), "fine");
  HelperProgram late;
  EXPECT_TRUE(late.ask("open " + small).starts_with("error full"));
  fs::remove(base() / "small" / "other");
  EXPECT_EQ(program.get("overwrite words 1000000 2000 50"), "50");
  late.get("open " + small);
}

// A control group of its own, in which at most so much memory may be used.
class MemoryGroup {
 public:
  explicit MemoryGroup(std::uint64_t bytes) {
    const std::string name = "/heirloom-test-" + std::to_string(::getpid());
    for (const auto& [mount, limit, events] :
         {std::tuple("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.oom_control"),
          std::tuple("/sys/fs/cgroup", "memory.max", "memory.events")}) {
      std::error_code error;
      if (!fs::create_directory(std::string(mount) + name, error)) continue;
      path_ = std::string(mount) + name;
      events_ = events;
      std::ofstream file(path_ / limit);
      if (fs::exists(path_ / limit) && file << bytes << std::flush) return;
      fs::remove(path_, error);
      path_.clear();
    }
  }
  ~MemoryGroup() {
    // Processes that have ended leave it a little later.
    std::error_code error;
    while (!path_.empty() && !fs::remove(path_, error)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;
  [[nodiscard]] bool is_made() const { return !path_.empty(); }
  [[nodiscard]] bool add(pid_t process) const {
    return static_cast<bool>(std::ofstream(path_ / "cgroup.procs") << process << std::flush);
  }
  // How many programs of it the kernel has ended for want of memory.
  [[nodiscard]] int killed() const {
    std::ifstream events(path_ / events_);
    std::string name;
    for (int count = 0; events >> name >> count;) {
      if (name == "oom_kill") return count;
    }
    return -1;
  }

 private:
  fs::path path_;
  std::string events_;
};

TEST_F(Full, AtTheLimitOfAControlGroupAWriteIsRefusedAndNobodyIsKilled) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a sanitizer's own memory does not fit into the group";
#endif
  const MemoryGroup group(std::uint64_t{48} << 20);
  if (!group.is_made()) GTEST_SKIP() << "this machine lets nobody make a control group with a limit of memory";
  HelperProgram program;
  ASSERT_TRUE(group.add(program.pid()));
  program.get("open " + node());
  program.get("create_public words 1073741824");
  expect_full_and_usable(program);
  EXPECT_EQ(group.killed(), 0);
  // Who comes late, also into the group, gets in, looks and deletes.
  HelperProgram late;
  ASSERT_TRUE(group.add(late.pid()));
  late.get("open " + node());
  late.get("find words");
  EXPECT_EQ(late.get("lookup words 0"), "{0,before}");
  late.get("remove words 1 100");
  EXPECT_EQ(group.killed(), 0);
}

}  // namespace
}  // namespace heirloom::node
