// SPDX-License-Identifier: Apache-2.0
//
// Chain: the way along a list whose offsets shared memory gives. A list that damage has made a ring is refused after some three times
// its length at most, with neither memory nor a limit of lengths: from time to time an element is kept, at which a ring must come
// back (Brent's algorithm). Nobody makes a ring: what a reader has passed is used again only when it has left its epoch.
#pragma once

#include <cstdint>

#include "table/layout.hpp"

namespace heirloom::table {

class Chain {
 public:
  // The next overflow bucket. Throws Error{corrupt} where there can be none, and when the chain comes back to where it was.
  Bucket& next(const shm::Segment& segment, Offset overflow) {
    if (overflow == kept_) segment.refuse(overflow, "an overflow bucket of a chain that has an end");
    if (++passed_ == keep_at_) {
      kept_ = overflow;
      keep_at_ *= 2;
      passed_ = 0;
    }
    return segment.at<Bucket>(overflow, "an overflow bucket");
  }

 private:
  Offset kept_ = 0;
  std::uint64_t passed_ = 0;
  std::uint64_t keep_at_ = 1;
};

}  // namespace heirloom::table
