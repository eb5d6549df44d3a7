// SPDX-License-Identifier: Apache-2.0
//
// What a table manager does when the users of a table crash in a loop: it may be the table's data that kills them.
#include <algorithm>

#include "heirloom/error.hpp"

#include "node/managed_table.hpp"

namespace heirloom::node {

namespace {

std::string text_of(std::chrono::milliseconds time) {
  if (time < std::chrono::seconds(10)) return std::to_string(time.count()) + " ms";
  return std::to_string(time.count() / 1000) + " s";
}

}  // namespace

std::uint32_t ManagedTable::recent_crashes() const {
  const auto now = effects_.calendar_now();
  const auto since = now - options_.crashes.within;
  const std::vector<Tenure> lineage = effects_.lineage(*table_);
  return static_cast<std::uint32_t>(std::count_if(lineage.begin(), lineage.end(), [&](const Tenure& tenure) {
    return is_crash(tenure.end) && tenure.until >= since && tenure.until <= now;
  }));
}

bool ManagedTable::judge_crashes() {
  if (options_.crashes.deaths == 0) return true;
  try {
    const std::uint32_t crashes = recent_crashes();
    if (crashes < options_.crashes.deaths) return true;
    if (options_.crashes.then != TableManager::OnCrashLoop::keep) return set_aside(crashes), false;
    pause(crashes);
  } catch (const Error& error) {
    // Without a manager nobody can be handed the table either; with the next one it is judged after the next crash.
    if (error.code() != ErrorCode::no_manager && error.code() != ErrorCode::id) throw;
    complain(error.what());
  }
  return true;
}

void ManagedTable::pause(std::uint32_t crashes) {
  std::chrono::milliseconds pause = options_.crashes.pause_min;
  for (std::uint32_t more = crashes - options_.crashes.deaths; more > 0 && pause < options_.crashes.pause_max; --more)
    pause *= 2;
  pause = std::min(pause, options_.crashes.pause_max);
  pause_ends_ = effects_.now() + pause;
  complain(std::to_string(crashes) + " of its users crashed within " + text_of(options_.crashes.within) +
           ": it is handed over again after a pause of " + text_of(pause));
}

void ManagedTable::set_aside(std::uint32_t crashes) {
  const bool stop = options_.crashes.then == TableManager::OnCrashLoop::stop;
  const std::string why = std::to_string(crashes) + " of its users crashed within " + text_of(options_.crashes.within);
  effects_.quarantine(*table_, why, stop);
  if (!stop) complain(why + ": set aside; its users get a fresh one");
  table_.reset();
  try_claim();
}

bool ManagedTable::pausing() const { return pause_ends_ && effects_.now() < *pause_ends_; }

}  // namespace heirloom::node
