// SPDX-License-Identifier: Apache-2.0
//
// The verdict on an image that a death left: another process finds the old state or the new, or one that lies between
// two steps of an operation that has several, is not blocked, and finds every byte accounted for. Judged twice, each on
// a fresh copy: by one who comes after the death and reads before it repairs, and by one who had the table open before
// it and writes at once. What they retire then must come back: the epochs of the dead pin nothing.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "image.hpp"
#include "state.hpp"

namespace heirloom::crash {

struct Expected {
  std::vector<State> states;  // in the order in which the operation goes through them: the old one, ... the new one
  bool full = false;          // the table has no memory left: a write may be refused, but must leave everything sound
  bool size_known = true;     // whether size() lies between the sizes of the states even before any repair
  bool fresh = true;          // nobody had died before: what the repair tells is of the operation between the states
  bool sabotage = false;      // the judge leaves unrepaired what the dead left: to see that this is noticed
};

struct Verdict {
  std::set<std::size_t> states;  // which all readers found; several, where a step changes nothing
  std::vector<std::string> faults;
  std::set<std::string> told;  // of a write that was under way: "insert 5 undone"
};

// `before`: the image that who had the table open before the death found when it opened it.
std::vector<Verdict> judge(const Image& before, const std::vector<Image>& images, const Expected& expected);

// By a process that has the table open already, when the one who held the locks is gone.
std::string judge_alive(Session& session, const Expected& expected);
Verdict verdict_of(const std::string& text);

// What a reader of the image finds before any repair.
State read_state(const Image& image);

}  // namespace heirloom::crash
