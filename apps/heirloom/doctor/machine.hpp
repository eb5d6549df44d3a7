// SPDX-License-Identifier: Apache-2.0
//
// The facts about this machine, and this program on it, that judge.hpp judges.
#pragma once

#include <filesystem>
#include <vector>

#include "doctor/finding.hpp"
#include "doctor/judge.hpp"

namespace heirloom::cli::doctor {

// Of the directory, or the nearest one above it that is there. Throws Error{io}.
[[nodiscard]] Space space_of(const std::filesystem::path& directory);
[[nodiscard]] MemoryLimit memory_limit();
[[nodiscard]] Limits limits();
[[nodiscard]] Logind logind();
[[nodiscard]] bool in_first_pid_namespace();

// Whether a node can be opened in that directory, and a table be made and written: that is tried, in a directory that is gone
// afterwards. So all that it needs of the kernel, the file system and a sandbox is looked at by what needs it.
[[nodiscard]] Finding try_a_node(const std::filesystem::path& directory);

}  // namespace heirloom::cli::doctor
