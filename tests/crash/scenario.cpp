// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "child.hpp"
#include "live_node.hpp"
#include "report.hpp"

namespace heirloom::crash {

namespace {

constexpr int kRealKills = 6;
constexpr std::size_t kSabotagedImages = 24;

// How many images of an operation are judged at least, when there are more: HEIRLOOM_CRASH_IMAGES; not set: all.
std::size_t images_wanted() {
  const char* const wanted = std::getenv("HEIRLOOM_CRASH_IMAGES");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : ~std::size_t{0};
}

// The verdicts of all images, or of the first, the last and every so many between, drawn anew each time; and then of all that lie
// between two neighbours that were found in different states, where the write is published. The others have none.
std::vector<std::optional<Verdict>> judge_enough(const Image& before, const std::vector<Moment>& moments,
                                                 const Expected& expected) {
  const std::size_t stride = std::max<std::size_t>(1, moments.size() / std::max<std::size_t>(1, images_wanted()));
  std::vector<std::optional<Verdict>> verdicts(moments.size());
  const auto judge_these = [&](const std::vector<std::size_t>& chosen) {
    std::vector<Image> images;
    for (const std::size_t index : chosen) images.push_back(moments[index].image);
    std::vector<Verdict> found = judge(before, images, expected);
    for (std::size_t i = 0; i < chosen.size(); ++i) verdicts[chosen[i]] = std::move(found[i]);
  };
  std::vector<std::size_t> chosen{0};
  for (std::size_t i = 1 + std::random_device()() % stride; i + 1 < moments.size(); i += stride) chosen.push_back(i);
  if (moments.size() > 1) chosen.push_back(moments.size() - 1);
  judge_these(chosen);
  std::vector<std::size_t> between;
  for (std::size_t i = 1; i < chosen.size(); ++i) {
    if (verdicts[chosen[i]]->states == verdicts[chosen[i - 1]]->states) continue;
    for (std::size_t index = chosen[i - 1] + 1; index < chosen[i]; ++index) between.push_back(index);
  }
  if (!between.empty()) judge_these(between);
  return verdicts;
}

}  // namespace

Recording record(const Scenario& scenario) {
  const auto directory = scenario.start ? std::make_unique<ScratchDirectory>(after_death(*scenario.start))
                                        : std::make_unique<ScratchDirectory>();
  if (!scenario.start) create_table(directory->descriptor(), scenario.max_bytes, scenario.type, scenario.compressed);
  SteppedChild child([&](const auto& mark) {
    Session session(directory->descriptor());
    if (scenario.prepare) scenario.prepare(session);
    // Whoever is there has a thread slot already, as any process that has written before.
    static_cast<void>(session.table().size());
    mark();
    scenario.operation(session);
    mark();
  });
  return follow(child, directory->path(), scenario.every_of_a_copy);
}

Outcome kill_at_every_step(const Scenario& scenario) {
  Outcome outcome{record(scenario), {}, {}};
  Recording& recording = outcome.recording;
  if (!recording.failure.empty()) {
    outcome.failures.push_back(scenario.name + ": " + recording.failure);
    return outcome;
  }
  Expected expected{.states = {read_state(recording.moments.front().image)},
                    .full = scenario.full,
                    .size_known = !scenario.start,
                    .fresh = !scenario.start,
                    .sabotage = scenario.sabotage};
  std::vector<std::function<void(State&)>> effects = scenario.effects;
  if (effects.empty()) effects.push_back(scenario.effect);
  for (const auto& effect : effects) {
    State next = expected.states.back();
    if (effect) effect(next);
    expected.states.push_back(std::move(next));
  }
  const Image before = recording.moments.front().image;
  // A sabotaged judge meets so much that is wrong, endless lists too, that some images must do.
  if (scenario.sabotage) {
    const std::size_t stride = recording.moments.size() / kSabotagedImages + 1;
    for (std::size_t i = 0; i * stride < recording.moments.size(); ++i)
      recording.moments[i] = recording.moments[i * stride];
    recording.moments.resize((recording.moments.size() + stride - 1) / stride);
  }
  outcome.verdicts = judge_enough(before, recording.moments, expected);
  std::size_t judged = 0;
  for (std::size_t i = 0; i < recording.moments.size(); ++i) {
    if (!outcome.verdicts[i]) continue;
    ++judged;
    for (const std::string& fault : outcome.verdicts[i]->faults) {
      outcome.failures.push_back(describe(scenario.name, recording.moments[i], fault));
    }
  }
  if (!scenario.sabotage) {
    for (const auto& [index, fault] : faults_of_path(recording, outcome.verdicts, expected.states.size())) {
      outcome.failures.push_back(describe(scenario.name, recording.moments[index], fault));
    }
  }
  int killed = 0;
  if (!scenario.start && !scenario.sabotage && !scenario.full) {
    killed = kill_for_real(scenario, recording, expected, kRealKills, outcome.failures);
  }
  report({scenario.name, recording.instructions, recording.images, judged, killed, outcome.failures.size()});
  return outcome;
}

Outcome expect_old_or_new_at_every_step(const Scenario& scenario) {
  Outcome outcome = kill_at_every_step(scenario);
  expect_none(outcome.failures);
  EXPECT_GT(outcome.recording.instructions, 0u);
  return outcome;
}

}  // namespace heirloom::crash
