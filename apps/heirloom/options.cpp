// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

namespace heirloom::cli {

void add_node_option(CLI::App& command, std::string& directory) {
  command.add_option("--node", directory, "The node's directory")->type_name("DIR")->envname("HEIRLOOM_NODE");
}

void add_limit_option(CLI::App& command, std::size_t& limit) {
  const auto check = [](const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    const bool positive = digits && text.find_first_not_of('0') != std::string::npos;
    return positive ? std::string() : fmt::format("`{}` is no number from 1 on", text);
  };
  command.add_option("--limit", limit, "Not more than so many")->type_name("N")->check(check)->default_str("");
}

}  // namespace heirloom::cli
