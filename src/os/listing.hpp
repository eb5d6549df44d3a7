// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace heirloom::os {

// The names in a subdirectory, in no order, without "." and "..".
Result<std::vector<std::string>> list_directory(int directory, const std::string& name);

// The same where not to know is as good as none.
std::vector<std::string> names_in(int directory, const std::string& name);

}  // namespace heirloom::os
