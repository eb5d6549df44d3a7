// SPDX-License-Identifier: Apache-2.0
//
// A table that a person may change from the command line: a public one, or a node table that nobody alive owns, which is
// claimed for the moment and goes back to the node when the command ends.
#pragma once

#include <string>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli {

// Throws NotFound, or Error{access} that says whose the table is.
Table writable_table(Node& node, const std::string& name);

}  // namespace heirloom::cli
