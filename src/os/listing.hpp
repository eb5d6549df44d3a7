// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace heirloom::os {

// The names in a subdirectory, in no order, without "." and ".."; empty when it cannot be read.
std::vector<std::string> list_directory(int directory, const std::string& name);

}  // namespace heirloom::os
