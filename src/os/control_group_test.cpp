// SPDX-License-Identifier: Apache-2.0
//
// Strategy: files of control groups as the kernel shows them, under a root of their own. What the real ones say at a real limit is tested
// in node/full_test.cpp.
#include "os/control_group.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace heirloom::os {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class ControlGroup : public ::testing::Test {
 protected:
  ControlGroup() {
    std::string pattern = ::testing::TempDir() + "heirloom-group-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~ControlGroup() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << '\n';
  }
  void write(const std::string& path, std::uint64_t number) const { write(path, std::to_string(number)); }
  [[nodiscard]] std::string refusal(std::uint64_t bytes, Reserve reserve = Reserve::use) const {
    const Status status = look_for_memory(bytes, reserve, root_);
    if (status) return "";
    EXPECT_EQ(status.failure().code, ErrorCode::full);
    return status.failure().to_string();
  }

 private:
  std::string root_;
};

TEST_F(ControlGroup, WithoutOneThereIsNoLimit) { EXPECT_EQ(refusal(std::uint64_t{1} << 50), ""); }

TEST_F(ControlGroup, OfTheSecondVersionItsLimitCounts) {
  write("/proc/self/cgroup", "0::/service/worker");
  write("/sys/fs/cgroup/service/worker/memory.max", 64 * kMiB);
  write("/sys/fs/cgroup/service/worker/memory.current", 60 * kMiB);
  EXPECT_EQ(refusal(4 * kMiB), "");
  EXPECT_NE(refusal(4 * kMiB + 1)
                .find("the control group \"/service/worker\" may have 67108864 bytes of memory, and has "
                      "4194304 left"),
            std::string::npos)
      << refusal(4 * kMiB + 1);
}

TEST_F(ControlGroup, AReserveIsLeftForTheHeapsOfPrograms) {
  write("/proc/self/cgroup", "0::/worker");
  write("/sys/fs/cgroup/worker/memory.max", 64 * kMiB);
  write("/sys/fs/cgroup/worker/memory.current", 60 * kMiB);
  EXPECT_EQ(refusal(2 * kMiB, Reserve::keep), "");
  EXPECT_NE(refusal(2 * kMiB + 1, Reserve::keep), "");
}

TEST_F(ControlGroup, NoLimitIsNone) {
  write("/proc/self/cgroup", "0::/worker");
  write("/sys/fs/cgroup/worker/memory.max", "max");
  write("/sys/fs/cgroup/worker/memory.current", 60 * kMiB);
  EXPECT_EQ(refusal(std::uint64_t{1} << 50), "");
  write("/proc/self/cgroup", "4:memory:/worker");
  write("/sys/fs/cgroup/memory/worker/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(refusal(std::uint64_t{1} << 50), "");
}

TEST_F(ControlGroup, AGroupAboveCountsToo) {
  write("/proc/self/cgroup", "0::/service/worker");
  write("/sys/fs/cgroup/service/worker/memory.max", "max");
  write("/sys/fs/cgroup/service/memory.max", 64 * kMiB);
  write("/sys/fs/cgroup/service/memory.current", 63 * kMiB);
  EXPECT_EQ(refusal(kMiB), "");
  EXPECT_NE(refusal(2 * kMiB).find("\"/service\""), std::string::npos);
}

TEST_F(ControlGroup, WhatIsCachedOfDisksIsGivenBack) {
  write("/proc/self/cgroup", "0::/worker");
  write("/sys/fs/cgroup/worker/memory.max", 64 * kMiB);
  write("/sys/fs/cgroup/worker/memory.current", 64 * kMiB);
  EXPECT_NE(refusal(kMiB), "");
  write("/sys/fs/cgroup/worker/memory.stat", "anon 1\nfile 33554432\ninactive_file 2097152\nactive_file 1048576");
  EXPECT_EQ(refusal(3 * kMiB), "");
  EXPECT_NE(refusal(3 * kMiB + 1), "");
}

TEST_F(ControlGroup, OfTheFirstVersionTheHierarchyIsCounted) {
  write("/proc/self/cgroup", "9:name=systemd:/x\n4:memory:/worker\n0::/");
  write("/sys/fs/cgroup/memory/worker/memory.limit_in_bytes", 64 * kMiB);
  write("/sys/fs/cgroup/memory/worker/memory.usage_in_bytes", 64 * kMiB);
  write("/sys/fs/cgroup/memory/worker/memory.stat",
        "inactive_file 7\ntotal_inactive_file 2097152\ntotal_active_file 0");
  EXPECT_EQ(refusal(2 * kMiB), "");
  EXPECT_NE(refusal(2 * kMiB + 1).find("\"/worker\""), std::string::npos);
}

TEST_F(ControlGroup, InAContainerItIsTheRootOfWhatIsMounted) {
  write("/proc/self/cgroup", "0::/docker/4711");
  write("/sys/fs/cgroup/memory.max", 64 * kMiB);
  write("/sys/fs/cgroup/memory.current", 64 * kMiB);
  EXPECT_NE(refusal(1).find("\"/\""), std::string::npos);
}

}  // namespace
}  // namespace heirloom::os
