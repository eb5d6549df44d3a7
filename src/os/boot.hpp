// SPDX-License-Identifier: Apache-2.0
//
// What tells this boot of this machine, and this directory, from any other.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace heirloom::os {

struct Place {
  std::array<char, 40> boot{};  // the kernel's boot id
  std::uint64_t device = 0;     // of the directory
  std::uint64_t inode = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

Result<Place> place_of(int directory);

// The operating system's number of this process, and the name of the program: for people.
std::uint64_t process_id() noexcept;
std::string_view program_name() noexcept;

// By how much this program's CLOCK_MONOTONIC is ahead of the machine's: 0 unless it runs in a time namespace.
std::chrono::nanoseconds monotonic_offset();

}  // namespace heirloom::os
