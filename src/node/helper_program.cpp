// SPDX-License-Identifier: Apache-2.0
#include "node/helper_program.hpp"

namespace heirloom::node {

HelperProgram::HelperProgram(const std::vector<std::string>& arguments)
    : HelperProgram(HEIRLOOM_NODE_HELPER, arguments) {}

HelperProgram::HelperProgram(const std::string& path, const std::vector<std::string>& arguments)
    : program_(path, arguments) {
  EXPECT_TRUE(program_.started()) << path;
}

HelperProgram HelperProgram::under(std::vector<std::string> starter) {
  starter.emplace_back(HEIRLOOM_NODE_HELPER);
  return {starter.front(), {starter.begin() + 1, starter.end()}};
}

std::string HelperProgram::get(const std::string& line) {
  const std::string answer = ask(line);
  EXPECT_EQ(answer.substr(0, 3), "ok ") << line << " -> " << answer;
  return answer.size() > 3 ? answer.substr(3) : "";
}

}  // namespace heirloom::node
