// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks of tables share: the records and the order of their keys, medians.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "record.hpp"

namespace heirloom::bench {

inline constexpr char kText[] = "thirty-two bytes of binary here.";

inline Record record_of(std::int64_t key, std::int64_t value) {
  Record record{key, value, {}};
  std::copy_n(kText, record.text.size(), record.text.begin());
  return record;
}

// All keys below `records`, in an order that the seed decides.
inline std::vector<std::int64_t> shuffled(std::int64_t records, std::uint64_t seed) {
  std::vector<std::int64_t> keys;
  for (std::int64_t key = 0; key < records; ++key) keys.push_back(key);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(seed));
  return keys;
}

// Requires some.
inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace heirloom::bench
