// SPDX-License-Identifier: Apache-2.0
//
// The tables of a node, one a line: what ls and i print.
#pragma once

#include <vector>

#include "command.hpp"

namespace heirloom::cli {

void print_tables(const std::vector<TableInfo>& tables);
int list_tables(const Look& options);

}  // namespace heirloom::cli
