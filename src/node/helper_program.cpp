// SPDX-License-Identifier: Apache-2.0
#include "node/helper_program.hpp"

namespace heirloom::node {

HelperProgram::HelperProgram(const std::vector<std::string>& arguments) : program_(HEIRLOOM_NODE_HELPER, arguments) {
  EXPECT_TRUE(program_.started()) << HEIRLOOM_NODE_HELPER;
}

std::string HelperProgram::get(const std::string& line) {
  const std::string answer = ask(line);
  EXPECT_EQ(answer.substr(0, 3), "ok ") << line << " -> " << answer;
  return answer.size() > 3 ? answer.substr(3) : "";
}

}  // namespace heirloom::node
