// SPDX-License-Identifier: Apache-2.0
//
// What tells this boot of this machine, and this directory, from any other.
#pragma once

#include <array>
#include <cstdint>

#include "base/result.hpp"

namespace heirloom::os {

struct Place {
  std::array<char, 40> boot{};  // the kernel's boot id
  std::uint64_t device = 0;     // of the directory
  std::uint64_t inode = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

Result<Place> place_of(int directory);

// The operating system's number of this process: for messages, and to tell a forked child from its parent.
std::uint64_t process_id() noexcept;

}  // namespace heirloom::os
