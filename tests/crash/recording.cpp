// SPDX-License-Identifier: Apache-2.0
#include "recording.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <gtest/gtest.h>

#include "live_node.hpp"

namespace heirloom::crash {

Recording follow(SteppedChild& child, const std::string& directory, std::size_t every_of_a_copy, const Helper* beside) {
  Recording recording;
  recording.failure = child.failure();
  if (!recording.failure.empty()) return recording;
  if (beside != nullptr) beside->stop();
  LiveNode live(directory);
  if (beside != nullptr) beside->go_on();
  const auto refresh = [&] {
    const bool listed = child.was_system_call();
    if (beside == nullptr) return live.refresh(listed);
    bool changed = !listed && live.refresh(false);
    if (!listed && !changed) return false;
    beside->stop();
    changed |= live.refresh(true);
    beside->go_on();
    return changed;
  };
  std::unordered_map<std::uint64_t, std::size_t> known;
  const auto keep = [&](Moment moment) {
    const auto [found, fresh] = known.emplace(moment.image.hash, recording.moments.size());
    if (fresh) recording.moments.push_back(std::move(moment));
    recording.path.push_back(found->second);
  };
  std::size_t copied = 0;          // words in a row
  std::optional<Moment> left_out;  // the last one
  std::unordered_set<std::uint64_t> seen;
  const auto visit = [&] {
    seen.insert(live.image().hash);
    copied = live.continues_a_copy() ? copied + 1 : 0;
    if (copied == 0 && left_out) keep(*std::exchange(left_out, std::nullopt));
    Moment moment{live.image(), recording.instructions, child.instruction()};
    if (copied % every_of_a_copy == 0) {
      left_out.reset();
      keep(std::move(moment));
    } else {
      left_out = std::move(moment);
    }
  };
  visit();
  while (child.step()) {
    ++recording.instructions;
    if (refresh()) visit();
  }
  if (left_out) keep(*std::move(left_out));
  recording.images = seen.size();
  recording.failure = child.failure();
  return recording;
}

std::vector<std::pair<std::size_t, std::string>> faults_of_path(const Recording& recording,
                                                                const std::vector<std::optional<Verdict>>& verdicts,
                                                                std::size_t states) {
  std::vector<std::pair<std::size_t, std::string>> faults;
  std::size_t least = 0;
  for (const std::size_t index : recording.path) {
    if (!verdicts[index]) continue;
    const auto state = verdicts[index]->states.lower_bound(least);
    if (state == verdicts[index]->states.end()) {
      faults.emplace_back(index, "the new state was there before, and is gone");
    } else {
      least = *state;
    }
  }
  const std::optional<Verdict>& last = verdicts[recording.path.back()];
  if (last && !last->states.contains(states - 1)) {
    faults.emplace_back(recording.path.back(), "it returned, and has not done what it should");
  }
  return faults;
}

std::string describe(const std::string& scenario, const Moment& moment, const std::string& fault) {
  return scenario + ", killed at step " + std::to_string(moment.step) + ", after " +
         describe_instruction(moment.address) + ": " + fault;
}

void expect_none(const std::vector<std::string>& failures) {
  constexpr std::size_t kShown = 8;
  for (std::size_t i = 0; i < std::min(failures.size(), kShown); ++i) ADD_FAILURE() << failures[i];
  if (failures.size() > kShown) ADD_FAILURE() << "... and " << failures.size() << " failures in all";
}

}  // namespace heirloom::crash
