// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "storm/storm.hpp"

namespace heirloom::stress::storm {

// What a node has in its directory, in its manager, and in the program of its table manager (0: there is none), seen from outside: all
// but what only the table tells.
void look_at_node(const std::string& directory, pid_t manager, pid_t keeper, Footprint& footprint);
std::uint64_t process_files_of(const std::string& directory);

}  // namespace heirloom::stress::storm
