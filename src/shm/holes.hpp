// SPDX-License-Identifier: Apache-2.0
//
// What copies of segments lack: programs that copy files leave out what is zero (cp --sparse, tar -S, rsync -S), so that memory which the
// segment was given is not there in the copy, and touching it may be a SIGBUS where the file system is full.
#pragma once

#include <string>

#include "base/result.hpp"

namespace heirloom::shm {

// Gives the file of a segment all memory that it says it has (segment.hpp S2): free runs have none. A file that is no segment of this layout is left to
// whoever opens it. Fails with full, or what keeps it from being opened.
Status fill_holes(int directory, const std::string& name);

}  // namespace heirloom::shm
