// SPDX-License-Identifier: Apache-2.0
//
// A table manager whose users are programs of their own, killed for real.
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

class TableManagerPrograms : public NodeDirectoryTest {
 protected:
  void start_manager(const TableManager::FindMe& find_me = [] { return whereis("worker"_atom); }) {
    opened.emplace(Node::open(node()));
    supervisor.emplace(
        *opened, SupervisorOptions{},
        std::vector{TableManager::child_spec({.table_id = "jobs"_atom, .find_me = find_me, .gift_data = "gift"_atom})});
  }
  static bool has_mapped(const HelperProgram& program, const std::string& file) {
    std::ifstream maps("/proc/" + std::to_string(program.pid()) + "/maps");
    return std::string(std::istreambuf_iterator<char>(maps), {}).find(file) != std::string::npos;
  }
  // Opens the node, registers the name as soon as it is free, and has the table.
  void become_worker(HelperProgram& program) {
    program.get("open " + node());
    while (program.ask("register worker").starts_with("error already_exists")) {
    }
    EXPECT_NE(program.get("await_transfer").find("with gift"), std::string::npos);
  }

  std::optional<Node> opened;
  std::optional<Supervisor> supervisor;
};

TEST_F(TableManagerPrograms, EachReplacementOfAKilledProgramGetsTheTable) {
  start_manager();
  for (int life = 1; life <= 10; ++life) {
    HelperProgram worker;
    become_worker(worker);
    EXPECT_EQ(opened->open_table("jobs"_atom).size(), static_cast<std::size_t>(life - 1));
    worker.get("insert jobs {" + std::to_string(life) + ", done}");
    worker.kill();
  }
}

TEST_F(TableManagerPrograms, AProgramThatWaitsForTheNameIsNextInLine) {
  start_manager();
  HelperProgram first;
  become_worker(first);
  HelperProgram second;
  second.get("open " + node());
  EXPECT_TRUE(second.ask("register worker").starts_with("error already_exists"));
  first.get("insert jobs {1, done}");
  first.kill();
  become_worker(second);
  EXPECT_EQ(second.get("lookup jobs 1"), "{1,done}");
}

TEST_F(TableManagerPrograms, AProgramThatWaitsUnderAnotherNameIsNextAtOnce) {
  start_manager({"worker"_atom, "standby"_atom});
  const char* const names[] = {"worker", "standby"};
  auto worker = std::make_unique<HelperProgram>();
  become_worker(*worker);
  for (int life = 1; life <= 10; ++life) {
    auto standby = std::make_unique<HelperProgram>();
    standby->get("open " + node());
    standby->get(std::string("register ") + names[life % 2]);
    worker->get("insert jobs {" + std::to_string(life) + ", done}");
    worker->kill();
    const std::string told = standby->get("await_transfer");
    EXPECT_NE(told.find("with gift"), std::string::npos) << told;
    EXPECT_EQ(standby->get("lookup jobs " + std::to_string(life)), "{" + std::to_string(life) + ",done}");
    worker = std::move(standby);
  }
}

TEST_F(TableManagerPrograms, AProgramThatWaitsHasTheTableOpenUntilItIsDeleted) {
  start_manager({"worker"_atom, "standby"_atom});
  HelperProgram worker;
  become_worker(worker);
  HelperProgram standby;
  standby.get("open " + node());
  standby.get("register standby");
  EXPECT_TRUE(has_mapped(standby, "/tables/1"));
  worker.get("find jobs");
  worker.get("drop jobs");
  while (has_mapped(standby, "/tables/1")) std::this_thread::yield();
}

TEST_F(TableManagerPrograms, TheTableComesBackAfterTheNodesManagerWasKilledMeanwhile) {
  HelperProgram nodes_manager;
  EXPECT_NE(nodes_manager.get("open " + node()).find("manager"), std::string::npos);
  start_manager();
  HelperProgram worker;
  become_worker(worker);
  nodes_manager.kill();
  worker.get("insert jobs {1, done}");
  worker.kill();
  HelperProgram replacement;
  become_worker(replacement);
  EXPECT_EQ(replacement.get("lookup jobs 1"), "{1,done}");
}

TEST_F(TableManagerPrograms, ATableManagerIsOneOfTheNode) {
  start_manager();
  HelperProgram other;
  other.get("open " + node());
  // Its name is its claim: a second one, in whatever program, would need the same.
  EXPECT_TRUE(other.ask("register table_manager:jobs").starts_with("error already_exists"));
}

}  // namespace
}  // namespace heirloom::node
