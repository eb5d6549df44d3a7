// SPDX-License-Identifier: Apache-2.0
//
// The verdict on a node directory whose programs are dead.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "judge.hpp"
#include "node_scenario.hpp"

namespace heirloom::crash {

inline const std::string kNodeFolder = "node/";  // in the directory of an image

// Makes the control file say that it lies where it does, if it says that it lies at `from`.
void move_control_file(const std::string& node, const Place& from);
Place place_of(const std::string& path);

std::vector<Verdict> judge_nodes(const std::vector<Image>& images, const Place& place,
                                 const std::vector<World>& worlds);

// Of a directory that nobody else uses: opens it, and finds fault. "state" lines as of verdict_of().
std::string judge_node(const std::string& path, const std::vector<World>& worlds);

}  // namespace heirloom::crash
