// SPDX-License-Identifier: Apache-2.0
//
// Waits: how long many things took, counted in memory that processes share; and the same to look at.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace heirloom::stress::storm {

inline std::int64_t nanoseconds_now() {  // CLOCK_MONOTONIC, the same in every process
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A bucket is a quarter of a power of two: percentiles are at most 19% too large.
inline constexpr std::size_t kWaitBuckets = 256;

constexpr std::size_t wait_bucket(std::int64_t nanoseconds) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 4));
  const auto octave = static_cast<unsigned>(std::bit_width(value)) - 1;
  return std::size_t{octave} * 4 + (value >> (octave - 2) & 3);
}

// The largest value of a bucket.
constexpr std::int64_t wait_bucket_end(std::size_t bucket) {
  const std::size_t octave = bucket / 4;
  return static_cast<std::int64_t>(((bucket % 4 + 5) << (octave - 2)) - 1);
}
static_assert(wait_bucket(1000) == wait_bucket(wait_bucket_end(wait_bucket(1000))) &&
              wait_bucket_end(wait_bucket(1000)) >= 1000);

struct Distribution {
  std::array<std::uint64_t, kWaitBuckets> buckets{};
  std::uint64_t count = 0;
  std::int64_t longest_ns = 0;

  // 0 if nothing was counted.
  [[nodiscard]] std::int64_t percentile_ns(double percent) const {
    const auto wanted = static_cast<std::uint64_t>(percent / 100 * static_cast<double>(count));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kWaitBuckets; ++bucket) {
      seen += buckets[bucket];
      if (seen > wanted) return std::min(wait_bucket_end(bucket), longest_ns);
    }
    return longest_ns;
  }
};

// One process counts at a time; others may look.
class Waits {
 public:
  void add(std::int64_t nanoseconds) {
    buckets_[wait_bucket(nanoseconds)].fetch_add(1, std::memory_order_relaxed);
    if (nanoseconds > longest_.load(std::memory_order_relaxed)) longest_.store(nanoseconds, std::memory_order_relaxed);
  }
  void add_to(Distribution& sum) const {
    for (std::size_t bucket = 0; bucket < kWaitBuckets; ++bucket) {
      const std::uint64_t count = buckets_[bucket].load(std::memory_order_relaxed);
      sum.buckets[bucket] += count;
      sum.count += count;
    }
    sum.longest_ns = std::max(sum.longest_ns, longest_.load(std::memory_order_relaxed));
  }

 private:
  std::atomic<std::uint64_t> buckets_[kWaitBuckets];
  std::atomic<std::int64_t> longest_;
};

}  // namespace heirloom::stress::storm
