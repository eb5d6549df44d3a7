// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

#include <cstdio>
#include <unordered_map>

#include <gtest/gtest.h>

#include "child.hpp"
#include "live_node.hpp"

namespace heirloom::crash {

namespace {

constexpr std::size_t kFailuresShown = 8;
constexpr int kRealKills = 6;
constexpr std::size_t kSabotagedImages = 24;

struct Line {
  std::string name;
  std::uint64_t instructions;
  std::size_t images;
  std::size_t judged;
  int killed;
  std::size_t failures;
};

// Prints the table of all operations when the program ends.
class Table : public ::testing::Environment {
 public:
  static void add(Line line) {
    print(line);
    lines().push_back(std::move(line));
  }
  void TearDown() override {
    if (lines().size() < 2) return;
    Line total{"total", 0, 0, 0, 0, 0};
    std::printf(
        "\n| operation | instructions | distinct images | judged | really killed | failures "
        "|\n|---|---|---|---|---|---|\n");
    for (const Line& line : lines()) {
      print(line);
      total.instructions += line.instructions;
      total.images += line.images;
      total.judged += line.judged;
      total.killed += line.killed;
      total.failures += line.failures;
    }
    print(total);
  }

 private:
  static std::vector<Line>& lines() {
    static std::vector<Line> all;
    return all;
  }
  static void print(const Line& line) {
    std::printf("| %s | %llu | %zu | %zu | %d | %zu |\n", line.name.c_str(),
                static_cast<unsigned long long>(line.instructions), line.images, line.judged, line.killed,
                line.failures);
  }
};
[[maybe_unused]] const auto* const table_at_the_end = ::testing::AddGlobalTestEnvironment(new Table);

std::string describe(const Scenario& scenario, const Moment& moment, const std::string& fault) {
  return scenario.name + ", killed at step " + std::to_string(moment.step) + ", after " +
         describe_instruction(moment.address) + ": " + fault;
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
  Recording recording;
  recording.failure = child.failure();
  if (!recording.failure.empty()) return recording;
  LiveNode live(directory->path());
  std::unordered_map<std::uint64_t, std::size_t> known;
  std::uint64_t address = child.instruction();
  const auto visit = [&] {
    const auto [found, fresh] = known.emplace(live.image().hash, recording.moments.size());
    if (fresh) recording.moments.push_back({live.image(), recording.instructions, address});
    recording.path.push_back(found->second);
  };
  visit();
  for (;;) {
    address = child.instruction();
    if (!child.step()) break;
    ++recording.instructions;
    if (live.refresh()) visit();
  }
  recording.failure = child.failure();
  return recording;
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
                    .sabotage = scenario.sabotage};
  std::vector<std::function<void(State&)>> effects = scenario.effects;
  if (effects.empty()) effects.push_back(scenario.effect);
  for (const auto& effect : effects) {
    State next = expected.states.back();
    if (effect) effect(next);
    expected.states.push_back(std::move(next));
  }
  std::vector<Image> images;
  for (const Moment& moment : recording.moments) images.push_back(moment.image);
  // A sabotaged judge meets so much that is wrong, endless lists too, that some images must do.
  if (scenario.sabotage) {
    const std::size_t stride = images.size() / kSabotagedImages + 1;
    for (std::size_t i = 0; i * stride < images.size(); ++i) {
      images[i] = images[i * stride];
      recording.moments[i] = recording.moments[i * stride];
    }
    images.resize((images.size() + stride - 1) / stride);
  }
  outcome.verdicts = judge(images, expected);
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (const std::string& fault : outcome.verdicts[i].faults) {
      outcome.failures.push_back(describe(scenario, recording.moments[i], fault));
    }
  }
  // Once a newer state, never an older one again; and the operation that returned has happened.
  std::size_t least = 0;
  for (const std::size_t index : recording.path) {
    if (scenario.sabotage) break;
    const auto state = outcome.verdicts[index].states.lower_bound(least);
    if (state == outcome.verdicts[index].states.end()) {
      outcome.failures.push_back(
          describe(scenario, recording.moments[index], "the new state was there before, and is gone"));
    } else {
      least = *state;
    }
  }
  const std::size_t last = expected.states.size() - 1;
  if (!scenario.sabotage && !outcome.verdicts[recording.path.back()].states.contains(last)) {
    outcome.failures.push_back(scenario.name + ": it returned, and has not done what it should");
  }
  int killed = 0;
  if (!scenario.start && !scenario.sabotage && !scenario.full) {
    killed = kill_for_real(scenario, recording, expected, kRealKills, outcome.failures);
  }
  Table::add({scenario.name, recording.instructions, images.size(), images.size(), killed, outcome.failures.size()});
  return outcome;
}

void expect_old_or_new_at_every_step(const Scenario& scenario) {
  const Outcome outcome = kill_at_every_step(scenario);
  for (std::size_t i = 0; i < std::min(outcome.failures.size(), kFailuresShown); ++i)
    ADD_FAILURE() << outcome.failures[i];
  if (outcome.failures.size() > kFailuresShown)
    ADD_FAILURE() << "... and " << outcome.failures.size() << " failures in all";
  EXPECT_GT(outcome.recording.instructions, 0u);
}

}  // namespace heirloom::crash
