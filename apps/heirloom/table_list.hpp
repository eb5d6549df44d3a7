// SPDX-License-Identifier: Apache-2.0
//
// The tables of a node, one a line: what ls and i print.
#pragma once

#include "command.hpp"

namespace heirloom::cli {

int list_tables(const Look& options);

}  // namespace heirloom::cli
