// SPDX-License-Identifier: Apache-2.0
//
// Relations: who is linked to whom and who monitors whom, as far as one program knows: at least one of the two is a process
// of it. Host guards it with a lock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

namespace heirloom::process {

struct Monitor {
  Term reference;
  Pid watcher;
  Pid target;
};

// What a death leaves behind.
struct Survivors {
  std::vector<Pid> linked;             // they get exit signals
  std::vector<Monitor> monitors;       // of the dead: their watchers get 'DOWN'
  std::vector<Pid> no_longer_watched;  // whom the dead monitored or was linked to
};

class Relations {
 public:
  void link(Pid one, Pid other);
  void unlink(Pid one, Pid other);
  // `number` is that of the reference; unique.
  void monitor(std::uint64_t number, Monitor monitor);
  // Whom it monitored; nothing if it does not exist or belongs to another watcher.
  std::optional<Pid> demonitor(std::uint64_t number, Pid watcher);
  // Ends all relations of `dead`.
  Survivors remove(Pid dead);
  // Whether some link or monitor waits for the end of `pid`.
  [[nodiscard]] bool concern(Pid pid) const;

 private:
  void forget_monitor(std::uint64_t number);

  std::map<Pid, std::set<Pid>> links_;  // each link in both directions
  std::map<std::uint64_t, Monitor> monitors_;
  std::map<Pid, std::set<std::uint64_t>> by_target_;
  std::map<Pid, std::set<std::uint64_t>> by_watcher_;
};

}  // namespace heirloom::process
