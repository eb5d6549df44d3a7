// SPDX-License-Identifier: Apache-2.0
//
// Programs as children of a supervisor: how each way of ending is told, who is started again, and that nothing is left running.
#include "heirloom/program.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

#include "process/receiving.hpp"
#include "process/supervision_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using std::chrono::milliseconds;

class Programs : public Supervisors {
 protected:
  Programs() {
    std::string name = std::filesystem::temp_directory_path() / "heirloom-programs-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~Programs() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string file(const std::string& name) const { return directory_ / name; }
  static Program shell(const std::string& script) { return {.command = {"sh", "-c", script}}; }
  // Waits until a script has written a whole line there.
  std::string line_in(const std::string& name) const {
    for (;;) {
      std::ifstream in(file(name));
      std::string line;
      if (std::getline(in, line) && !in.eof()) return line;
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  [[nodiscard]] std::size_t lines_in(const std::string& name) const {
    std::ifstream in(file(name));
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n'));
  }
  // Linked, so that its end is told however soon it comes.
  static Pid start(const Program& program) { return start_program(program, true); }
  // With what reason such a process has ended.
  static Term reason_of(Pid standing) {
    const auto told = receive_if(
        [&](const Term& message) { return is_exit(message) && message.element(2).as_pid() == standing; }, kLong);
    return Term(told->element(3));
  }
  static void wait_until_gone(pid_t process) {
    while (::kill(process, 0) == 0) std::this_thread::sleep_for(milliseconds(1));
  }

 private:
  std::filesystem::path directory_;
};

TEST_F(Programs, EndWithAReasonThatTellsHow) {
  EXPECT_EQ(reason_of(start(shell("exit 0"))), Term("normal"_atom));
  EXPECT_EQ(reason_of(start(shell("exit 7"))), (Term{"exit_status"_atom, 7}));
  EXPECT_EQ(reason_of(start(shell("kill -SEGV $$"))), (Term{"signal"_atom, SIGSEGV}));
  EXPECT_EQ(reason_of(start(shell("kill -TERM $$"))), (Term{"signal"_atom, SIGTERM}));
}

TEST_F(Programs, ThatAreToldToEndEndWithShutdown) {
  for (const char* const script : {"exec sleep 1000", "trap 'exit 0' TERM; while :; do sleep 0.01; done"}) {
    const Pid standing = start(shell("echo up > " + file("up") + "; " + script));
    line_in("up");
    exit(standing, "shutdown"_atom);
    EXPECT_EQ(reason_of(standing), Term("shutdown"_atom)) << script;
  }
  const Pid standing = start(shell("trap 'exit 5' TERM; echo up > " + file("up2") + "; while :; do sleep 0.01; done"));
  line_in("up2");
  exit(standing, "shutdown"_atom);
  EXPECT_EQ(reason_of(standing), (Term{"exit_status"_atom, 5}));
}

TEST_F(Programs, DieWithTheProcessThatStandsForThem) {
  const Pid standing = start(shell("echo $$ > " + file("pid") + "; exec sleep 1000"));
  const pid_t process = std::stoi(line_in("pid"));
  exit(standing, "kill"_atom);
  EXPECT_EQ(reason_of(standing), Term("killed"_atom));
  wait_until_gone(process);
}

TEST_F(Programs, DoNotMindMessages) {
  const Pid standing = start(shell("until test -e " + file("end") + "; do sleep 0.01; done"));
  for (int i = 0; i < 100; ++i) send(standing, Term{"hello"_atom, i});
  EXPECT_TRUE(is_process_alive(standing));
  std::ofstream(file("end")) << '\n';
  EXPECT_EQ(reason_of(standing), Term("normal"_atom));
}

TEST_F(Programs, ThatCannotBeStartedAreAnError) {
  const auto code_of = [](const Program& program) {
    try {
      start(program);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode{};
  };
  EXPECT_EQ(code_of({}), ErrorCode::badarg);
  EXPECT_EQ(code_of({.command = {"./no-such-program"}}), ErrorCode::not_found);
  std::ofstream(file("text")) << "no program";
  EXPECT_EQ(code_of({.command = {file("text")}}), ErrorCode::not_permitted);
}

TEST_F(Programs, GetTheEnvironmentThatIsSaid) {
  Program program = shell("echo $HOME $HEIRLOOM_TEST > " + file("environment"));
  program.environment = {{"HEIRLOOM_TEST", "said"}, {"HOME", "/nowhere"}};
  EXPECT_EQ(reason_of(start(program)), Term("normal"_atom));
  EXPECT_EQ(line_in("environment"), "/nowhere said");
}

TEST_F(Programs, WhoseStatusSomebodyElseTookEndWithUnknown) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGCHLD, &ignore, &before), 0);
  EXPECT_EQ(reason_of(start(shell("exit 7"))), (Term{"exit_status"_atom, "unknown"_atom}));
  ::sigaction(SIGCHLD, &before, nullptr);
}

TEST_F(Programs, AreRestartedAsTheirKindSays) {
  const auto counting = [&](Atom id, Restart restart, int status) {
    const std::string name(id.text());
    ChildSpec spec = program_child(id, shell("echo >> " + file(name) + "; test $(wc -l < " + file(name) +
                                             ") -lt 3 || exec sleep 1000; exit " + std::to_string(status)));
    spec.restart = restart;
    return spec;
  };
  Supervision supervisor(
      host, {.intensity = 10, .period = kLong},
      {counting("permanent"_atom, Restart::permanent, 0), counting("transient"_atom, Restart::transient, 1),
       counting("done"_atom, Restart::transient, 0), counting("temporary"_atom, Restart::temporary, 1),
       child("last"_atom)});
  EXPECT_EQ(next(), "started last");
  while (lines_in("permanent") < 3 || lines_in("transient") < 3) std::this_thread::sleep_for(milliseconds(1));
  supervisor.stop();
  EXPECT_EQ(lines_in("done"), 1U);
  EXPECT_EQ(lines_in("temporary"), 1U);
}

TEST_F(Programs, AreEndedInReverseOrderBesideOtherChildren) {
  ChildSpec program =
      program_child("program"_atom, shell("trap 'echo ended > " + file("ended") + "; exit 0' TERM; echo up > " +
                                          file("up") + "; while :; do sleep 0.01; done"));
  program.shutdown = kLong;
  Supervision supervisor(host, {}, {child("a"_atom), program});
  EXPECT_EQ(next(), "started a");
  line_in("up");
  supervisor.stop();
  EXPECT_EQ(line_in("ended"), "ended");
  EXPECT_EQ(next(), "ended a");
}

TEST_F(Programs, ThatDoNotEndAreKilledWhenTheirTimeIsOver) {
  ChildSpec program = program_child("stubborn"_atom,
                                    shell("trap '' TERM; echo $$ > " + file("pid") + "; while :; do sleep 0.01; done"));
  program.shutdown = milliseconds(20);
  Supervision supervisor(host, {}, {program});
  const pid_t process = std::stoi(line_in("pid"));
  supervisor.stop();
  wait_until_gone(process);
}

TEST_F(Programs, AreEndedWithAGroup) {
  ChildSpec program = program_child("program"_atom, shell("echo >> " + file("lives") + "; exec sleep 1000"));
  Supervision supervisor(host, {.strategy = Strategy::one_for_all}, {program, child("a"_atom)});
  EXPECT_EQ(next(), "started a");
  while (lines_in("lives") < 1) std::this_thread::sleep_for(milliseconds(1));
  cast("a"_atom, "crash"_atom);
  EXPECT_THAT(next(2), testing::ElementsAre("ended a", "started a"));
  while (lines_in("lives") < 2) std::this_thread::sleep_for(milliseconds(1));
}

}  // namespace
}  // namespace heirloom::process
