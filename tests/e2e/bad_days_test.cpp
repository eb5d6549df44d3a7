// SPDX-License-Identifier: Apache-2.0
//
// Strategy: directories and files as they should not be. Every command that opens the node says what is wrong with it,
// changes nothing, and leaves nothing behind that a person must remove. What needs root (other users, mounts) is skipped,
// and says so, without it.
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

namespace fs = std::filesystem;
using namespace heirloom::literals;
using ::testing::HasSubstr;

class BadDays : public Shell {
 protected:
  // `serve` stands for whatever may become the manager, `ls` for what only looks.
  void expect_all_complain(const std::string& directory, const std::string& text) {
    for (const char* command : {"ls", "get users a", "put users '{a}'", "serve --no-create", "run -- true"}) {
      if (std::string(command) == "run -- true" && text == "not_found") continue;  // it makes what is missing
      const std::string words(command);
      const auto gap = words.find(' ');
      const std::string line = "heirloom " + words.substr(0, gap) + " --node '" + directory + "'" +
                               (gap == std::string::npos ? "" : words.substr(gap));
      EXPECT_THAT(run(line), Complains(3, text)) << line;
    }
  }

  // A file system of its own, as long as the test runs.
  class Mount {
   public:
    Mount(const fs::path& path, const char* options, unsigned long flags) : path_(path) {
      fs::create_directories(path_);
      mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", flags, options) == 0;
    }
    ~Mount() {
      if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    Mount(const Mount&) = delete;
    Mount& operator=(const Mount&) = delete;
    [[nodiscard]] bool is_mounted() const { return mounted_; }

   private:
    fs::path path_;
    bool mounted_;
  };

  static void change_byte(const fs::path& path, std::streamoff at, char to) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put(to);
  }
  [[nodiscard]] fs::path segment_of_only_table() const { return fs::directory_iterator(node() / "tables")->path(); }
};

TEST_F(BadDays, AMissingDirectory) {
  expect_all_complain(file("nowhere").string(), "not_found");
  EXPECT_FALSE(fs::exists(file("nowhere")));
}

TEST_F(BadDays, AFileInPlaceOfADirectory) {
  write_file("plain", "text");
  expect_all_complain(file("plain").string(), "it is not a directory");
}

TEST_F(BadDays, ASymbolicLink) {
  make_table("users", {});
  fs::create_directory_symlink(node(), file("link"));
  expect_all_complain(file("link").string(), "it is a symbolic link");
  expect_all_complain(file("link").string() + "/", "it is a symbolic link");
}

TEST_F(BadDays, AnotherUsersDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a directory away";
  make_table("users", {});
  ASSERT_EQ(::chown(node().c_str(), 12345, 12345), 0);
  expect_all_complain(node().string(), "it belongs to user 12345");
}

TEST_F(BadDays, AReadOnlyFileSystem) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount one";
  const Mount mount(file("mount"), "size=16m", MS_RDONLY);
  if (!mount.is_mounted()) GTEST_SKIP() << "this machine lets nobody mount";
  EXPECT_THAT(run("heirloom serve --node mount"), Complains(3, "not_permitted"));
  EXPECT_THAT(run("heirloom run --node mount -- true"), Complains(3, "not_permitted"));
  EXPECT_THAT(run("heirloom ls --node mount"), Complains(3, ""));
}

TEST_F(BadDays, AFullFileSystemRefusesTheWriteAndKeepsWhatIsThere) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount a small one";
  const Mount mount(file("mount"), "size=4m", 0);
  if (!mount.is_mounted()) GTEST_SKIP() << "this machine lets nobody mount";
  {
    Node node = Node::open(file("mount") / "node");
    Table table = node.open_or_create("users"_atom);
    table.insert({0, std::string(1000, 'x')});
    try {
      for (int key = 1;; ++key) table.insert({key, std::string(10'000, 'x')});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::full) << error.what();
    }
  }
  write_file("object", "{another, <<\"" + std::string(100'000, 'x') + "\">>}");
  const std::string export_node = "export HEIRLOOM_NODE=mount/node; ";
  EXPECT_THAT(run(export_node + "heirloom put users \"$(cat object)\""), Complains(3, "full"));
  EXPECT_EQ(run(export_node + "heirloom get users 0").status, 0);
  EXPECT_EQ(run(export_node + "heirloom get users another").status, 1);
  EXPECT_EQ(run(export_node + "heirloom check users").status, 0);
  // A full disk must not keep anybody from deleting.
  EXPECT_THAT(run(export_node + "heirloom delete users 1"), Prints(""));
  EXPECT_THAT(run(export_node + "heirloom get users 1"), Complains(1, "no object with the key 1"));
  EXPECT_THAT(run("ls mount/node/tables | wc -l"), Prints("1\n"));
}

TEST_F(BadDays, AnotherLayoutOfTheNode) {
  make_table("users", {});
  change_byte(node() / "node", 8, 99);  // behind the magic
  expect_all_complain(node().string(), "layout");
}

TEST_F(BadDays, AnotherLayoutOfATable) {
  make_table("users", {{1}});
  change_byte(segment_of_only_table(), 8, 99);
  EXPECT_THAT(run("heirloom get users 1"), Complains(3, "layout"));
  EXPECT_THAT(run("heirloom check users"), Complains(3, "layout"));
}

TEST_F(BadDays, ATruncatedTableIsToldAndTheOthersAreThere) {
  make_table("users", {{1}});
  fs::resize_file(segment_of_only_table(), 5000);
  make_table("others", {{2}});
  EXPECT_EQ(run("heirloom get users 1").status == 0, false);
  EXPECT_THAT(run("heirloom get others 2"), Prints("{2}\n"));
  EXPECT_THAT(run("heirloom put others '{3}' && heirloom get others 3"), Prints("{3}\n"));
}

TEST_F(BadDays, ADamagedTableIsToldByWhoLooksAndSetAsideByWhoWrites) {
  make_table("users", {{1}});
  change_byte(segment_of_only_table(), 2048 + 3 * 8 + 6, 1);  // where the root of the index is (docs/memory-layout.md)
  make_table("others", {{2}});
  for (const char* command : {"get users 1", "dump users"})
    EXPECT_THAT(run(std::string("heirloom ") + command), Complains(3, "a head of the index is named at offset"));
  const Outcome checked = run("heirloom check users");
  EXPECT_EQ(checked.status, 1);
  EXPECT_THAT(checked.out, HasSubstr("stripe 0: read segment: a head of the index is named at offset"));
  EXPECT_THAT(run("heirloom ls").out, HasSubstr("damaged: read segment: a head of the index"));
  EXPECT_THAT(run("heirloom quarantine"), Prints(""));
  EXPECT_THAT(run("heirloom put users '{3}'"), Complains(3, "a head of the index is named at offset"));
  EXPECT_THAT(run("heirloom quarantine").out,
              HasSubstr("users@1  damaged  damaged: read segment: a head of the index is named at offset"));
  EXPECT_THAT(run("heirloom lineage users@1").out, HasSubstr("set aside"));
  EXPECT_THAT(run("heirloom put others '{3}' && heirloom get others 3"), Prints("{3}\n"));
  // There can be a fresh one of its name, and the damaged one can go.
  make_table("users", {{4}});
  EXPECT_THAT(run("heirloom get users 4 && heirloom drop users@1 && heirloom quarantine"), Prints("{4}\n"));
}

TEST_F(BadDays, AStaleSocketIsReplaced) {
  make_table("users", {{1}});
  sockaddr_un address{AF_UNIX, {}};
  const std::string path = (node() / "manager.sock").string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int stale = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(stale);
  EXPECT_THAT(run("heirloom put users '{2}' && heirloom get users 2"), Prints("{2}\n"));
}

TEST_F(BadDays, APathThatIsTooLongForASocketIsNone) {
  const fs::path deep = file(std::string(100, 'a')) / std::string(100, 'b');
  fs::create_directories(deep.parent_path());
  const std::string at = " --node '" + deep.string() + "' ";
  EXPECT_EQ(run("heirloom run" + at + "-- true").status, 0);
  EXPECT_THAT(run("heirloom ls" + at), Prints(""));
  EXPECT_THAT(run("heirloom ls --node " + std::string(5000, 'x')), Complains(3, "File name too long"));
}

}  // namespace

}  // namespace heirloom::e2e
