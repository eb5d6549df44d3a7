// SPDX-License-Identifier: Apache-2.0
#include "node_scenario.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include <gtest/gtest.h>

#include "live_node.hpp"
#include "node_judge.hpp"
#include "report.hpp"

namespace heirloom::crash {

namespace {

// Stepping takes its time.
constexpr std::chrono::minutes kTimeout{10};

void live(const ScratchDirectory& directory, const Life& life, Program& program) {
  program.path = directory.path() + "/" + kNodeFolder;
  if (life) life(program);
}

// A program at full speed.
class Beside {
 public:
  Beside(const ScratchDirectory& directory, const Life& life) {
    if (!life) return;
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    helper_ = std::make_unique<Helper>([&]() -> std::string {
      ::alarm(0);  // it lives as long as it takes
      Program program;
      live(directory, life, program);
      if (::write(ends[1], "!", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    });
    ::close(ends[1]);
    char byte = 0;
    const bool ready = ::read(ends[0], &byte, 1) == 1;
    ::close(ends[0]);
    if (!ready) throw std::runtime_error("the program beside the stepped one: " + helper_->result());
  }
  [[nodiscard]] const Helper* helper() const noexcept { return helper_.get(); }

 private:
  std::unique_ptr<Helper> helper_;
};

std::unique_ptr<ScratchDirectory> begin(const NodeScenario& scenario) {
  if (!scenario.start) return std::make_unique<ScratchDirectory>();
  return std::make_unique<ScratchDirectory>(scenario.start->image);
}

}  // namespace

void Program::open(NodeRole role) { node = Node::open(path, {.role = role, .timeout = kTimeout}); }

void Program::create(const std::string& name, const TableOptions& options) {
  tables.insert_or_assign(name, node->create(Atom(name), options));
}

void Program::open_or_create(const std::string& name) {
  tables.insert_or_assign(name, node->open_or_create(Atom(name)));
}

void Program::leave() {
  tables.clear();
  node.reset();
}

Remains left_by(const Life& life) {
  const ScratchDirectory directory;
  SteppedChild child([&](const auto& mark) {
    Program program;
    live(directory, life, program);
    mark();
    mark();
  });
  if (!child.failure().empty()) throw std::runtime_error(child.failure());
  Remains remains{LiveNode(directory.path()).image(), place_of(directory.path() + "/" + kNodeFolder)};
  child.kill();
  remains.image = after_death(std::move(remains.image));
  return remains;
}

void expect_each_world_whole(const NodeScenario& scenario) {
  const auto directory = begin(scenario);
  const std::string path = directory->path() + "/" + kNodeFolder;
  // What is left lay elsewhere; unless that is the point.
  if (scenario.start && !scenario.other_boot) move_control_file(path, scenario.start->place);
  const Beside beside(*directory, scenario.beside);
  Recording recording;
  {
    SteppedChild child([&](const auto& mark) {
      Program program;
      live(*directory, scenario.prepare, program);
      // Its threads have come to rest.
      ::usleep(50'000);
      mark();
      scenario.operation(program);
      mark();
    });
    recording = follow(child, directory->path(), kEveryImage, beside.helper());
  }
  ASSERT_EQ(recording.failure, "") << scenario.name;
  const Place place = place_of(path);
  std::vector<Image> images;
  for (const Moment& moment : recording.moments) images.push_back(moment.image);
  const std::vector<Verdict> found = judge_nodes(images, place, scenario.worlds);
  const std::vector<std::optional<Verdict>> verdicts(found.begin(), found.end());
  std::vector<std::string> failures;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const std::string& fault : found[i].faults) {
      failures.push_back(describe(scenario.name, recording.moments[i], fault));
    }
  }
  for (const auto& [index, fault] : faults_of_path(recording, verdicts, scenario.worlds.size())) {
    failures.push_back(describe(scenario.name, recording.moments[index], fault));
  }
  expect_none(failures);
  EXPECT_GT(recording.moments.size(), 1u) << scenario.name << " changes nothing";
  report({scenario.name, recording.instructions, recording.images, images.size(), 0, failures.size()});
}

}  // namespace heirloom::crash
