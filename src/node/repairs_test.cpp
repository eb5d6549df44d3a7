// SPDX-License-Identifier: Apache-2.0
//
// Strategy: a program that writes without a pause is killed for real, again and again until it was in the middle of a write; whoever
// comes next repairs, and the lineage tells of it.
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

using namespace literals;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

constexpr int kObjectsAtOnce = 300;

class RepairsOfPrograms : public NodeDirectoryTest {
 protected:
  // Kills a program that `prepare`s to write to the table `jobs`, in the middle of that, as far as it is so.
  template <typename Prepare>
  pid_t kill_writer(const Prepare& prepare) {
    HelperProgram writer;
    writer.get("open " + node() + " client");
    prepare(writer);
    writer.get("write_on jobs " + std::to_string(kObjectsAtOnce));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const pid_t process = writer.pid();
    writer.kill();
    return process;
  }
  // Something for each lock of the table.
  static void write(Table table) {
    for (std::int64_t key = 1000; key < 1100; ++key) table.insert({key, 1});
  }
  // The repair of what this process left under way; nothing: it was killed between two writes.
  static std::optional<Repair> repair_of(const Table& table, pid_t process) {
    for (const Tenure& tenure : table.lineage()) {
      for (const Repair& repair : tenure.repairs) {
        if (repair.process == process && repair.outcome != RepairOutcome::nothing) return repair;
      }
    }
    return std::nullopt;
  }
  // Kills until one was in the middle of a write. `settle` is what the next comer does.
  template <typename Prepare, typename Settle>
  std::pair<pid_t, Repair> kill_until_under_way(const Prepare& prepare, const Settle& settle) {
    for (int kills = 0; kills < 200; ++kills) {
      const pid_t process = kill_writer(prepare);
      const Table table = settle();
      // What it told before it asks is told.
      if (const auto repair = repair_of(table, process)) return {process, *repair};
    }
    ADD_FAILURE() << "200 programs were killed, and none in the middle of a write";
    return {};
  }
  static void expect_insert(const Repair& repair) {
    EXPECT_EQ(repair.operation, Operation::insert);
    EXPECT_NE(repair.outcome, RepairOutcome::nothing);
    EXPECT_GE(repair.locks, 1U);
    EXPECT_GT(repair.took.count(), 0);
    if (repair.key.empty()) return;  // killed before it had written an object
    EXPECT_THAT(std::stoi(repair.key), AllOf(Ge(0), Le(kObjectsAtOnce)));
    EXPECT_THAT(repair.keys, AllOf(Ge(1U), Le(kObjectsAtOnce)));
  }
  static void own(HelperProgram& writer) { EXPECT_EQ(writer.get("open_or_create jobs"), "owner"); }
  static void find(HelperProgram& writer) { writer.get("find jobs"); }
};

TEST_F(RepairsOfPrograms, OfAnOwnerAreToldByItsSuccessor) {
  Node opened = Node::open(node());
  const auto before = std::chrono::system_clock::now();
  const auto [process, repair] = kill_until_under_way(own, [&] {
    for (;;) {
      Table table = opened.open_or_create("jobs"_atom);
      if (table.owner() == self()) {
        table.reclaim();  // for the next one
        return table;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  expect_insert(repair);
  EXPECT_EQ(repair.end, TenureEnd::killed);
  EXPECT_GE(repair.at, before);
  for (const Tenure& tenure : opened.open_table("jobs"_atom).lineage()) {
    if (tenure.process != process) continue;
    EXPECT_EQ(tenure.owner->program, repair.program);
    EXPECT_EQ(tenure.repairs.size(), 1U);
    EXPECT_EQ(tenure.repairs_finished, repair.outcome == RepairOutcome::finished ? 1U : 0U);
    EXPECT_EQ(tenure.repairs_undone, repair.outcome == RepairOutcome::undone ? 1U : 0U);
  }
}

TEST_F(RepairsOfPrograms, OfOneThatNeverOwnedTheTableAreToldByWhoeverWritesNext) {
  Node opened = Node::open(node());
  Table table = opened.open_or_create("jobs"_atom, {.protection = Protection::public_access});
  const auto [process, repair] = kill_until_under_way(find, [&] {
    write(table);
    return table;
  });
  expect_insert(repair);
  // Its death was told by its lock; that it ended, and how, the manager may learn a moment later.
  while (repair_of(table, process)->end == TenureEnd::unknown)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(repair_of(table, process)->end, TenureEnd::killed);
  opened.report_exit(process, SIGKILL);
  while (!repair_of(table, process)->status) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(repair_of(table, process)->status, SIGKILL);
  const auto lineage = table.lineage();
  ASSERT_EQ(lineage.size(), 1U);
  EXPECT_EQ(lineage[0].repairs_finished + lineage[0].repairs_undone, 0U) << "the owner has left nothing";
}

TEST_F(RepairsOfPrograms, OutliveTheManagerWhichHasSaidThem) {
  auto manager = std::make_unique<HelperProgram>(std::vector<std::string>{"serve", node(), base() / "log"});
  EXPECT_EQ(manager->hear(), "ok ready");
  Node opened = Node::open(node(), {.role = NodeRole::client});
  Table table = opened.open_or_create("jobs"_atom, {.protection = Protection::public_access});
  const auto [process, before] = kill_until_under_way(find, [&] {
    write(table);
    return table;
  });
  std::stringstream log;
  log << std::ifstream(base() / "log").rdbuf();
  EXPECT_THAT(log.str(), HasSubstr(", process " + std::to_string(process) + ", "));
  EXPECT_THAT(log.str(), HasSubstr(" under way: " + std::string(to_string(before.outcome)) + ", in "));
  manager->kill();
  manager = std::make_unique<HelperProgram>(std::vector<std::string>{"serve", node(), base() / "log"});
  EXPECT_EQ(manager->hear(), "ok ready");
  const auto after = repair_of(table, process);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->key, before.key);
  EXPECT_EQ(after->keys, before.keys);
  EXPECT_EQ(after->outcome, before.outcome);
  const Node observer = Node::open(node(), {.role = NodeRole::observer});
  EXPECT_TRUE(repair_of(observer.open_table("jobs"_atom), process)) << "those who only look see it too";
}

TEST_F(RepairsOfPrograms, OfOneWhoOnlyLooksAreSaidOnItsStandardError) {
  Node opened = Node::open(node());
  const Table table = opened.open_or_create("jobs"_atom, {.protection = Protection::public_access});
  const Node observer = Node::open(node(), {.role = NodeRole::observer});
  constexpr auto kLeft = ", left insert";
  std::string said;
  for (int kills = 0; kills < 200 && said.find(kLeft) == std::string::npos; ++kills) {
    const pid_t process = kill_writer(find);
    testing::internal::CaptureStderr();
    EXPECT_TRUE(observer.open_table("jobs"_atom).check().ok);
    said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(repair_of(table, process), std::nullopt);
  }
  EXPECT_THAT(said, HasSubstr("heirloom: table '1': program "));
  EXPECT_THAT(said, HasSubstr(kLeft));
}

}  // namespace
}  // namespace heirloom::node
