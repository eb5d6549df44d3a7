// SPDX-License-Identifier: Apache-2.0
//
// Stamps: pairs of keys that every insert gives the same number. Who reads the first of a pair and then the second may never
// find the second older: an insert shows all of its objects at once. That says most when the two lie in different stripes,
// which a user cannot choose; so there are enough pairs that most of them do.
#pragma once

#include <cstdint>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli::demo {

inline constexpr std::int64_t kStampPairs = 4;

inline Term stamp_key(std::int64_t pair, bool second) {
  static const Atom stamp("stamp"), names[] = {Atom("first"), Atom("second")};
  return Term{stamp, pair, names[second ? 1 : 0]};
}

inline Term position_key() {
  static const Atom position("position");
  return position;
}

}  // namespace heirloom::cli::demo
