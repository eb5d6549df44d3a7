// SPDX-License-Identifier: Apache-2.0
//
// Directories: opened once, then only worked with through their descriptor, so that a path that changes meanwhile changes
// nothing.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

// Errors: not_found (missing, or no directory), not_permitted (a symbolic link in the last component).
Result<Fd> open_directory(const std::filesystem::path& path);
Result<Fd> open_directory_at(int directory, const std::string& name);

// Makes it with mode 0700; one that is there already is no error.
Status make_directory(const std::filesystem::path& path);
Status make_directory_at(int directory, const std::string& name);

// Error{not_permitted} when the directory belongs to another user, with both named.
Status require_own(const Fd& directory);

// A path to `name` in this directory that is short whatever the path of the directory: socket addresses hold 107 bytes.
[[nodiscard]] std::string short_path(const Fd& directory, const std::string& name);

}  // namespace heirloom::os
