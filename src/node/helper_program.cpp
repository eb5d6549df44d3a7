// SPDX-License-Identifier: Apache-2.0
#include "node/helper_program.hpp"

#include <cstdlib>

namespace heirloom::node {

HelperProgram::HelperProgram(const std::vector<std::string>& arguments) : program_(HEIRLOOM_NODE_HELPER, arguments) {
  EXPECT_TRUE(program_.started()) << HEIRLOOM_NODE_HELPER;
}

std::string HelperProgram::get(const std::string& line) {
  const std::string answer = ask(line);
  EXPECT_EQ(answer.substr(0, 3), "ok ") << line << " -> " << answer;
  return answer.size() > 3 ? answer.substr(3) : "";
}

NodeDirectoryTest::NodeDirectoryTest() {
  std::string pattern = "/dev/shm/heirloom-test-XXXXXX";
  base_ = ::mkdtemp(pattern.data());
}

// A node that ends on another thread, or in another program, removes its own files at the same time.
NodeDirectoryTest::~NodeDirectoryTest() {
  std::error_code error;
  do std::filesystem::remove_all(base_, error);
  while (error == std::errc::no_such_file_or_directory || error == std::errc::directory_not_empty);
  EXPECT_FALSE(error) << "cannot remove " << base_ << ": " << error.message();
}

}  // namespace heirloom::node
