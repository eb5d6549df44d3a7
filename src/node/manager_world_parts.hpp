// SPDX-License-Identifier: Apache-2.0
//
// What World is made of: segments and programs, as the kernel and the programs themselves would know them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "heirloom/pid.hpp"

#include "wire/messages.hpp"

namespace heirloom::node {

struct ManagerDied {};

struct SimSegment {
  std::optional<Pid> owner;
  std::uint64_t generation = 0;
  bool quarantined = false;
  bool fixed = false;
  Protection protection = Protection::protected_access;
  bool open = false;     // by the manager: then it needs no descriptor
  bool spoiled = false;  // will never open
  bool deleted = false;  // has lost its name, and those who have it mapped do not know it yet
  // A former manager could not write it: whose it was then, the ledger tells only where the transfer is still under way.
  bool left_behind = false;
};

struct SimProgram {
  bool connected = false;
  bool names_watched = false;
  std::set<std::uint32_t> processes;  // living, besides the root
  std::uint32_t last_index = 0;
  std::set<Pid> watched;
  std::deque<wire::ToProgram> inbox;
  std::map<std::string, std::uint64_t> seen;  // table to generation of the last transfer
  std::set<Pid> dead;                         // whose deaths it was told
};

}  // namespace heirloom::node
