// SPDX-License-Identifier: Apache-2.0
//
// The verdict on an image that a death left: another process finds the old state or the new, is not blocked, and finds every
// byte accounted for. Judged twice, each on a fresh copy: by one who reads before it repairs, and by one who writes at once.
#pragma once

#include <string>
#include <vector>

#include "image.hpp"
#include "state.hpp"

namespace heirloom::crash {

struct Expected {
  State before;
  State after;
  bool full = false;       // the table has no memory left: a write may be refused, but must leave everything sound
  bool size_known = true;  // whether size() lies between the sizes of the two states even before any repair
  bool sabotage = false;   // the judge leaves unrepaired what the dead left: to see that this is noticed
};

struct Verdict {
  bool old_state = false;
  bool new_state = false;  // both, where the operation changes nothing
  std::vector<std::string> faults;
};

std::vector<Verdict> judge(const std::vector<Image>& images, const Expected& expected);

// By a process that has the table open already, when the one who held the locks is gone.
std::string judge_alive(Session& session, const Expected& expected);
Verdict verdict_of(const std::string& text);

// What a reader of the image finds before any repair.
State read_state(const Image& image);

}  // namespace heirloom::crash
