// SPDX-License-Identifier: Apache-2.0
//
// What the control groups of this program let it have of memory. A page of a file in memory is charged to the group of the program that
// asks for it, and to all groups above that; at a limit the kernel takes back what it can, and then ends a program of the group. So
// whoever wants more looks before.
//
// Both versions of control groups are known, where they are mounted by convention: /sys/fs/cgroup, /sys/fs/cgroup/unified,
// /sys/fs/cgroup/memory. Elsewhere no limit is seen.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "os/file.hpp"

namespace heirloom::os {

// `full` when a group has not so much left. What the kernel can take back counts as left: cached pages of files on disks, and
// what may go to swap space. The reserve is 1/32 of the limit, 1 to 64 MiB: for the heaps of the programs of the group. It costs some reads of
// small files, and no descriptor is kept. `root`: where /proc and /sys are, for tests.
Status look_for_memory(std::uint64_t bytes, Reserve reserve, const std::string& root = "");

// The same, looking once a MiB: what is asked for in between comes out of the reserve.
Status require_memory(std::uint64_t bytes, Reserve reserve);

}  // namespace heirloom::os
