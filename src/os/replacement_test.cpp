// SPDX-License-Identifier: Apache-2.0
//
// Strategy: a file is replaced, or it is not - by an error, by giving up, by a death -, each with and without files that have no name,
// which a seccomp filter takes away as a file system would that has none. Catches names that are left behind.
#include "os/replacement.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

namespace heirloom::os {
namespace {

// From now on openat() with O_TMPFILE fails in this program.
bool lose_unnamed_files() {
  constexpr std::uint32_t kFlag = O_TMPFILE & ~O_DIRECTORY;
  std::array<sock_filter, 6> code = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kFlag, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program = {static_cast<unsigned short>(code.size()), code.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

class Replacing : public testing::TestWithParam<bool> {  // whether there are files without a name
 protected:
  Replacing() {
    char path[] = "/dev/shm/heirloom-os-XXXXXX";
    directory_ = ::mkdtemp(path);
    std::ofstream(target()) << "before";
  }
  ~Replacing() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::filesystem::path target() const { return directory_ / "target"; }
  [[nodiscard]] std::string content() const {
    std::ifstream in(target(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory_), {}));
  }

  // In a program of its own, that ends without tidying up. Whether it said yes.
  static bool in_a_child(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit((GetParam() || lose_unnamed_files()) && body() ? 0 : 1);
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  std::filesystem::path directory_;
};

TEST_P(Replacing, HappensInOneStep) {
  EXPECT_TRUE(in_a_child([&] {
    Replacement file;
    const bool written = file.create(target(), true) == 0 && file.append("aft") == 0 && file.append("er") == 0;
    return written && content() == "before" && file.finish() == 0 && content() == "after";
  }));
  EXPECT_EQ(content(), "after");
  EXPECT_EQ(files(), 1U);
}

TEST_P(Replacing, GivenUpLeavesNothing) {
  EXPECT_TRUE(in_a_child([&] {
    Replacement file;
    return file.create(target(), false) == 0 && file.append("after") == 0 && files() == (GetParam() ? 1 : 2);
  }));
  // The child ended in the scope of the file's owner, and tidied up.
  EXPECT_EQ(content(), "before");
  EXPECT_EQ(files(), 1U);
}

TEST_P(Replacing, CutShortByADeathLeavesAtMostANameOfItsOwn) {
  EXPECT_TRUE(in_a_child([&] {
    auto* const file = new Replacement;
    return file->create(target(), true) == 0 && file->append("half") == 0;
  }));
  EXPECT_EQ(content(), "before");
  EXPECT_EQ(files(), GetParam() ? 1U : 2U);
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(name == "target" || (name.starts_with(".heirloom-") && name.ends_with(".tmp"))) << name;
  }
}

TEST_P(Replacing, OfWhatCannotBeReplacedLeavesNothing) {
  EXPECT_TRUE(in_a_child([&] {
    Replacement file;
    std::filesystem::remove(target());
    std::filesystem::create_directories(target() / "full");
    return file.create(target(), false) == 0 && file.append("after") == 0 && file.finish() == EISDIR;
  }));
  EXPECT_EQ(files(), 1U);
}

TEST_P(Replacing, NamesWhatIsWrong) {
  EXPECT_TRUE(in_a_child([&] {
    Replacement file;
    return file.create("", false) == ENOENT && file.create(directory_ / "none/x", false) == ENOENT &&
           file.create(target() / "x", false) == ENOTDIR && file.create(directory_ / "x/", false) == EISDIR &&
           file.create("..", true) == EISDIR;
  }));
}

INSTANTIATE_TEST_SUITE_P(Files, Replacing, testing::Bool(),
                         [](const auto& named) { return named.param ? "Unnamed" : "Named"; });

}  // namespace
}  // namespace heirloom::os
