// SPDX-License-Identifier: Apache-2.0
//
// Lineage and quarantine with a real node: programs that are killed for real, and handles that are open meanwhile.
#include "heirloom/lineage.hpp"

#include <sys/wait.h>

#include <chrono>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"
#include "node/lineage.hpp"
#include "os/pidfd.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

class LineageOfPrograms : public NodeDirectoryTest {
 protected:
  // A program that owns the table `jobs`, which it shall lose.
  std::unique_ptr<HelperProgram> owner_of_jobs() {
    auto program = std::make_unique<HelperProgram>();
    program->get("open " + node());
    EXPECT_EQ(program->get("open_or_create jobs"), "owner");
    return program;
  }
  void wait_until_nobody_owns_jobs() {
    while (opened.open_table("jobs"_atom).info().owner) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // The tenure of the last owner that was a program.
  Tenure last_of_program() {
    for (auto tenures = opened.open_table("jobs"_atom).lineage(); !tenures.empty(); tenures.pop_back()) {
      if (tenures.back().owner) return tenures.back();
    }
    return {};
  }

  Node opened = Node::open(node());
};

TEST_F(LineageOfPrograms, TellsBySignalHowTheOwnerEnded) {
  const auto before = std::chrono::system_clock::now();
  auto program = owner_of_jobs();
  const pid_t process = program->pid();
  program->kill();
  wait_until_nobody_owns_jobs();
  const Tenure tenure = last_of_program();
  EXPECT_EQ(tenure.end, TenureEnd::killed);
  EXPECT_EQ(tenure.process, process);
  EXPECT_GE(tenure.since, before);
  EXPECT_LE(tenure.until, std::chrono::system_clock::now());
}

TEST_F(LineageOfPrograms, TakesTheExitStatusFromTheParent) {
  auto program = owner_of_jobs();
  const pid_t process = program->pid();
  program->kill();
  wait_until_nobody_owns_jobs();
  opened.report_exit(process, SIGKILL);
  while (!last_of_program().status) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(last_of_program().status, SIGKILL);
}

TEST_F(LineageOfPrograms, TakesTheExitStatusFromTheKernelWhereItTells) {
  auto probe = HelperProgram();
  const auto pidfd = os::open_pidfd(probe.pid());
  ASSERT_TRUE(pidfd);
  probe.kill();
  if (!os::exit_status_of(*pidfd)) GTEST_SKIP() << "this kernel does not tell (Linux 6.15 and later do)";
  EXPECT_EQ(os::exit_status_of(*pidfd), SIGKILL);
  owner_of_jobs()->kill();
  wait_until_nobody_owns_jobs();
  while (!last_of_program().status) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(last_of_program().status, SIGKILL);
}

TEST_F(LineageOfPrograms, TellsTheReasonOfAnException) {
  opened.open_or_create("jobs"_atom);
  const Pid server = spawn_link([] {
    receive_transfer();
    throw std::runtime_error("out of luck");
  });
  opened.open_table("jobs"_atom).give_away(server, 0);
  ASSERT_TRUE(
      receive_if([](const Term& message) { return message.element(1) == Term("EXIT"_atom); }, std::chrono::hours(1)));
  EXPECT_EQ(last_of_program().end, TenureEnd::crashed);
  EXPECT_EQ(last_of_program().reason, (Term{"error"_atom, "out of luck"}));
}

TEST_F(LineageOfPrograms, IsReadByThoseWhoOnlyLook) {
  owner_of_jobs()->kill();
  wait_until_nobody_owns_jobs();
  const Node observer = Node::open(node(), {.role = NodeRole::observer});
  EXPECT_EQ(observer.open_table("jobs"_atom).lineage().size(), 2U);
}

TEST(Tenure, IsPrintedAsOneLine) {
  wire::Tenure wire{.owner = Pid{7, 0},
                    .name = "worker",
                    .os_process = 812,
                    .generation = 3,
                    .since = 1'777'604'400'123'000'000,
                    .until = 1'777'604'401'000'000'000,
                    .end = TenureEnd::killed,
                    .reason = {},
                    .status = SIGSEGV,
                    .repairs_finished = 1,
                    .repairs_undone = 2};
  const auto text = [&] {
    std::ostringstream out;
    out << from_wire(std::vector{wire}).front();
    return out.str();
  };
  EXPECT_EQ(text(),
            "2026-05-01T03:00:00.123Z .. 2026-05-01T03:00:01.000Z  <0.7.0> worker (process 812): killed, signal 11; "
            "left 3 writes half done: 1 finished, 2 undone");
  wire = {.owner = {}, .name = {}, .generation = 1, .since = 0, .reason = {}};
  EXPECT_EQ(text(), "1970-01-01T00:00:00.000Z .. now  the node: has it");
}

class Quarantines : public NodeDirectoryTest {
 protected:
  Quarantines() {
    table.insert({1, "kept"});
    table.quarantine("it kills its readers");
  }
  Node opened = Node::open(node());
  Table table = opened.open_or_create("jobs"_atom, {.protection = Protection::public_access});
};

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

TEST_F(Quarantines, AreSeenByWhoHasTheTableOpen) {
  EXPECT_EQ(code_of([&] { (void)table.lookup(1); }), ErrorCode::quarantined);
  EXPECT_EQ(code_of([&] { table.insert({2, 2}); }), ErrorCode::quarantined);
  EXPECT_EQ(code_of([&] { (void)opened.open_table("jobs"_atom); }), ErrorCode::id);
}

TEST_F(Quarantines, MayBeLookedIntoButNotWritten) {
  Table aside = opened.open_table("jobs@1"_atom);
  EXPECT_EQ(aside.lookup(1).one(), (Term{1, "kept"}));
  EXPECT_EQ(code_of([&] { aside.insert({2, 2}); }), ErrorCode::quarantined);
  EXPECT_TRUE(aside.check().ok);
  EXPECT_EQ(aside.info().quarantine->cause, "it kills its readers");
  EXPECT_EQ(aside.info().quarantine->name, "jobs"_atom);
  const Node observer = Node::open(node(), {.role = NodeRole::observer});
  EXPECT_EQ(observer.open_table("jobs@1"_atom).lookup(1).one(), (Term{1, "kept"}));
}

TEST_F(Quarantines, MakeRoomForAFreshTable) {
  EXPECT_TRUE(opened.open_or_create("jobs"_atom).lookup(1).empty());
  opened.open_table("jobs@1"_atom).drop();
  EXPECT_EQ(opened.tables().size(), 1U);
}

TEST_F(Quarantines, EndWithARelease) {
  opened.open_table("jobs@1"_atom).release();
  EXPECT_EQ(table.lookup(1).one(), (Term{1, "kept"}));
  EXPECT_EQ(opened.open_table("jobs"_atom), table);
  table.insert({2, 2});
  EXPECT_EQ(code_of([&] { table.release(); }), ErrorCode::badarg);
}

TEST_F(Quarantines, AreReleasedInExchangeForTheTableOfTheirName) {
  opened.open_or_create("jobs"_atom).insert({1, "fresh"});
  Table aside = opened.open_table("jobs@1"_atom);
  EXPECT_EQ(code_of([&] { aside.release(); }), ErrorCode::already_exists);
  aside.release(true);
  EXPECT_EQ(opened.open_table("jobs"_atom).lookup(1).one(), (Term{1, "kept"}));
  EXPECT_EQ(opened.open_table("jobs@2"_atom).lookup(1).one(), (Term{1, "fresh"}));
}

TEST_F(Quarantines, OutliveTheManagerAndItsJournal) {
  HelperProgram manager;
  const std::string other = base() / "other";
  manager.get("open " + other);
  manager.get("open_or_create jobs");
  manager.get("insert jobs {1, kept}");
  {
    const Node guest = Node::open(other);
    guest.open_table("jobs"_atom).quarantine("for a look");
  }
  manager.kill();
  Node after = Node::open(other);
  EXPECT_EQ(after.open_table("jobs@1"_atom).info().quarantine->cause, "for a look");
  after = Node::open(node());
  std::filesystem::remove(std::filesystem::path(other) / "journal");
  const Node last = Node::open(other);
  EXPECT_EQ(last.open_table("jobs@1"_atom).lookup(1).one(), (Term{1, "kept"_atom}));
}

TEST_F(Quarantines, MakeNodeTablesThatAreSuchWithoutTheJournalToo) {
  const std::string other = base() / "other";
  {
    const Node owner = Node::open(other);
    Table plain = Node(owner).create("plain"_atom);
    plain.insert({1, "kept"});
    plain.quarantine("for a look");
    plain.release();
  }
  std::filesystem::remove(std::filesystem::path(other) / "journal");
  const Node after = Node::open(other);
  EXPECT_TRUE(after.open_table("plain"_atom).info().node_table);
}

TEST_F(Quarantines, LeaveAReclaimedTableToTheNode) {
  Table mine = opened.open_or_create("mine"_atom);
  mine.reclaim();
  EXPECT_EQ(mine.info().owner, std::nullopt);
  EXPECT_EQ(code_of([&] { mine.insert({1}); }), ErrorCode::access);
}

}  // namespace
}  // namespace heirloom::node
