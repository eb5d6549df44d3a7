// SPDX-License-Identifier: Apache-2.0
//
// The record of all benchmarks: an integer key, an integer, 32 bytes.
#pragma once

#include <array>
#include <cstdint>

namespace heirloom::bench {

struct Record {
  std::int64_t key;
  std::int64_t value;
  std::array<char, 32> text;
};

}  // namespace heirloom::bench
