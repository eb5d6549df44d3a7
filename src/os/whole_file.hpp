// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing files that are no memory: short ones, as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

Result<std::string> read_whole(const Fd& file);
// All of `bytes` at `offset`; on a failure an unknown part of them is there.
Status write_at(const Fd& file, std::uint64_t offset, std::string_view bytes);
Status truncate_file(const Fd& file, std::uint64_t bytes);

}  // namespace heirloom::os
