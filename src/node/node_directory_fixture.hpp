// SPDX-License-Identifier: Apache-2.0
//
// For tests: a node directory that goes with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

namespace heirloom::node {

// A directory of its own for each test, under /dev/shm, gone at its end.
class NodeDirectoryTest : public testing::Test {
 protected:
  NodeDirectoryTest() {
    std::string pattern = "/dev/shm/heirloom-test-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
  }
  // A node that ends on another thread, or in another program, removes its own files at the same time.
  ~NodeDirectoryTest() override {
    std::error_code error;
    do std::filesystem::remove_all(base_, error);
    while (error == std::errc::no_such_file_or_directory || error == std::errc::directory_not_empty);
    EXPECT_FALSE(error) << "cannot remove " << base_ << ": " << error.message();
  }

  [[nodiscard]] std::string node() const { return base_ / "node"; }
  [[nodiscard]] const std::filesystem::path& base() const { return base_; }

 private:
  std::filesystem::path base_;
};

}  // namespace heirloom::node
