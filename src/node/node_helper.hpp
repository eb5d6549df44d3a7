// SPDX-License-Identifier: Apache-2.0
//
// What the commands of the program node_helper share.
#pragma once

#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <string>

#include "heirloom/node.hpp"

namespace heirloom::node {

struct HelperState {
  std::optional<Node> node;
  std::map<std::string, Table> tables;
};

// What a line says behind the name of its command, to what is answered behind "ok ".
using HelperCommand = std::function<std::string(HelperState&, std::istream&)>;
using HelperCommands = std::map<std::string, HelperCommand>;

// What a program does, or is done to it, on a strange day (node_helper_strange_fixture.cpp).
HelperCommands strange_commands();

}  // namespace heirloom::node
