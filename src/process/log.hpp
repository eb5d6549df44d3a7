// SPDX-License-Identifier: Apache-2.0
//
// One line to standard error, for what nobody else would hear of: a child that a supervisor restarts, a find_me that throws.
#pragma once

#include <cstdio>
#include <string>

namespace heirloom::process {

// `line` without its end. One call of stdio, so that lines of several threads do not mix.
inline void log_line(const std::string& line) { std::fprintf(stderr, "heirloom: %s\n", line.c_str()); }

}  // namespace heirloom::process
