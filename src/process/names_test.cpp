// SPDX-License-Identifier: Apache-2.0
//
// Names of the node and messages between programs, over a node in memory.
#include <future>

#include "process/process_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using Names = ProcessTest;

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode{};
}

TEST_F(Names, ARegisteredProcessIsFoundAndReachedByItsName) {
  EXPECT_EQ(whereis("server"_atom), std::nullopt);
  register_name("server"_atom);
  EXPECT_EQ(whereis("server"_atom), self());
  send("server"_atom, "hello");
  EXPECT_EQ(receive(), Term("hello"));
  unregister_name("server"_atom);
  EXPECT_EQ(whereis("server"_atom), std::nullopt);
}

TEST_F(Names, SendingToANameThatNobodyHasIsAnError) {
  EXPECT_EQ(code_of([] { send("nobody"_atom, 1); }), ErrorCode::badarg);
  EXPECT_EQ(code_of([] { unregister_name("nobody"_atom); }), ErrorCode::badarg);
}

TEST_F(Names, ANameThatIsTakenIsRefusedAndTheErrorSaysWhoHasIt) {
  const Pid child = spawn_waiting();
  register_name("server"_atom, child);
  try {
    register_name("server"_atom);
    FAIL() << "the name was given twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::already_exists);
    EXPECT_STREQ(error.what(), "register the name server: <0.1.1> has it (already_exists)");
  }
}

TEST_F(Names, ANameIsFreeWhenTheDeathOfItsProcessIsTold) {
  const Pid child = spawn_waiting();
  register_name("server"_atom, child);
  (void)heirloom::monitor(child);
  send(child, stop_with("normal"_atom));
  receive();
  EXPECT_EQ(whereis("server"_atom), std::nullopt);
}

TEST_F(Names, WhoSubscribedHearsOfEachChange) {
  subscribe_names();
  const Pid child = spawn_waiting();
  register_name("server"_atom, child);
  EXPECT_EQ(receive(), Term("names_changed"_atom));
  EXPECT_EQ(whereis("server"_atom), child);
  send(child, stop_with("normal"_atom));
  EXPECT_EQ(receive(), Term("names_changed"_atom));
  EXPECT_EQ(whereis("server"_atom), std::nullopt);
}

TEST_F(Names, AProcessOfAnotherProgramIsReachedByItsName) {
  const auto other = node.open_program();
  const Pid far = other
                      ->spawn(
                          [] {
                            register_name("echo"_atom);
                            const Term message = receive();
                            send(message.element(1).as_pid(), Term(message.element(2)));
                          },
                          {})
                      .pid;
  subscribe_names();
  while (!whereis("echo"_atom)) receive();
  EXPECT_EQ(whereis("echo"_atom), far);
  send("echo"_atom, Term{self(), "over and back"});
  while (receive() != Term("over and back")) {
  }
}

TEST_F(Names, AProcessActsInTheNodeOfItsOwnProgram) {
  const auto other = node.open_program();
  std::promise<Pid> seen;
  const Pid far = other->spawn([&] { seen.set_value(self()); }, {}).pid;
  EXPECT_EQ(seen.get_future().get(), far);
  EXPECT_EQ(far.program, other->program());
  EXPECT_EQ(other->acting(), other->root_process()->pid());
}

}  // namespace
}  // namespace heirloom::process
