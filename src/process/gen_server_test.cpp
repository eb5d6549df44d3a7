// SPDX-License-Identifier: Apache-2.0
#include "heirloom/gen_server.hpp"

#include <future>
#include <stdexcept>

#include "process/process_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using GenServers = ProcessTest;

// Counts, and reports to a pid what happens to it.
class Counter : public GenServer {
 public:
  explicit Counter(Pid observer) : observer_(observer) {}

  Term handle_call(const Term& request, Pid from) override {
    if (request == Term("next"_atom)) return ++count_;
    if (request == Term("who"_atom)) return from;
    if (request == Term("crash"_atom)) throw std::runtime_error("crashed");
    if (request == Term("stop"_atom)) {
      stop("done"_atom);
      return "stopping"_atom;
    }
    if (request == Term("silence"_atom)) receive_if([](const Term& term) { return term == Term("go on"); }, kForEver);
    return GenServer::handle_call(request, from);
  }
  void handle_cast(const Term& request) override { count_ += request.as_int64(); }
  void handle_info(const Term& message) override { send(observer_, Term{"info"_atom, message}); }
  void handle_transfer(const EtsTransfer& transfer) override {
    send(observer_, Term{"transfer"_atom, transfer.gift_data});
  }
  void terminate(const Term& reason) override { send(observer_, Term{"terminate"_atom, reason}); }

 private:
  const Pid observer_;
  std::int64_t count_ = 0;
};

class FailsToStart : public GenServer {
 public:
  void init() override { throw std::runtime_error("no luck"); }
};

class ExitsWhileItStarts : public GenServer {
 public:
  void init() override { heirloom::exit("no_luck"_atom); }
};

class TrapsExits : public Counter {
 public:
  using Counter::Counter;
  void init() override { trap_exit(true); }
};

Error error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode{}, "", "no error");
}

TEST_F(GenServers, CallsAndCastsReachTheStateInOrder) {
  const Pid counter = start_server<Counter>("counter"_atom, self());
  EXPECT_EQ(call(counter, "next"_atom, kForEver), Term(1));
  cast(counter, 10);
  EXPECT_EQ(call("counter"_atom, "next"_atom, kForEver), Term(12));
  cast("counter"_atom, 10);
  EXPECT_EQ(call("counter"_atom, "next"_atom, kForEver), Term(23));
  EXPECT_EQ(call(counter, "who"_atom, kForEver), Term(self()));
  expect_no_message();
}

TEST_F(GenServers, MessagesAndTransfersArriveInOneOrder) {
  const Pid counter = start_server<Counter>(std::nullopt, self());
  send(counter, 1);
  host->deliver_transfer(counter.index, {Table(nullptr), self(), 2});
  send(counter, 3);
  EXPECT_EQ(receive(), (Term{"info"_atom, 1}));
  EXPECT_EQ(receive(), (Term{"transfer"_atom, 2}));
  EXPECT_EQ(receive(), (Term{"info"_atom, 3}));
}

TEST_F(GenServers, WhatLooksLikeACallOfAnotherNodeIsAMessageLikeAnyOther) {
  const Pid counter = start_server<Counter>(std::nullopt, self());
  const Term foreign = parse("<a@b/4.1.2>");
  for (const Term& message : {Term{"$gen_call"_atom, Term{foreign, 1}, "next"_atom}, Term{"EXIT"_atom, foreign, 1}}) {
    send(counter, message);
    EXPECT_EQ(receive(), (Term{"info"_atom, message}));
  }
}

TEST_F(GenServers, ACallToNobodyIsNoprocAtOnce) {
  EXPECT_EQ(error_of([] { call("nobody"_atom, 1, kForEver); }).code(), ErrorCode::noproc);
  EXPECT_EQ(error_of([] { call(Pid{1, 99}, 1, kForEver); }).code(), ErrorCode::noproc);
  EXPECT_EQ(error_of([] { call(Pid{99, 1}, 1, kForEver); }).code(), ErrorCode::noproc);
  cast("nobody"_atom, 1);
  expect_no_message();
}

TEST_F(GenServers, AServerThatDiesInACallAnswersWithNoprocAndItsReason) {
  const Pid counter = start_server<Counter>(std::nullopt, self());
  const Error error = error_of([&] { call(counter, "crash"_atom, kForEver); });
  EXPECT_EQ(error.code(), ErrorCode::noproc);
  EXPECT_EQ(error.detail(), "it ended before it answered: {error,<<\"crashed\">>}");
  EXPECT_EQ(receive(), (Term{"terminate"_atom, Term{"error"_atom, "crashed"}}));
  expect_no_message();
}

TEST_F(GenServers, ALateAnswerIsDropped) {
  const Pid counter = start_server<Counter>(std::nullopt, self());
  const Term late{"late"_atom, 1};
  EXPECT_EQ(error_of([&] { call(counter, "silence"_atom, std::chrono::milliseconds(1)); }).code(),
            ErrorCode::timed_out);
  send(counter, "go on");
  // An unknown call ends it by exit(), after terminate().
  EXPECT_EQ(receive(), (Term{"terminate"_atom, Term{"bad_call"_atom, "silence"_atom}}));
  host->wait_until_ended(counter, std::nullopt);
  expect_no_message();
}

TEST_F(GenServers, StopAnswersTheCallAndThenEnds) {
  const Pid counter = start_server<Counter>(std::nullopt, self());
  const Term reference = heirloom::monitor(counter);
  EXPECT_EQ(call(counter, "stop"_atom, kForEver), Term("stopping"_atom));
  EXPECT_EQ(receive(), (Term{"terminate"_atom, "done"_atom}));
  EXPECT_EQ(receive(), (Term{"DOWN"_atom, reference, "process"_atom, counter, "done"_atom}));
}

TEST_F(GenServers, AProcessCannotCallItself) {
  std::promise<ErrorCode> code;
  spawn([&] { code.set_value(error_of([] { call(self(), 1, kForEver); }).code()); });
  EXPECT_EQ(code.get_future().get(), ErrorCode::badarg);
}

TEST_F(GenServers, AFailedStartThrowsWhatInitThrewAndLeavesNoName) {
  EXPECT_THROW(start_server<FailsToStart>("server"_atom), std::runtime_error);
  EXPECT_EQ(whereis("server"_atom), std::nullopt);
  EXPECT_EQ(error_of([] { start_server<ExitsWhileItStarts>("server"_atom); }).code(), ErrorCode::noproc);
  EXPECT_EQ(whereis("server"_atom), std::nullopt);
  expect_no_message();
}

TEST_F(GenServers, ASecondServerOfTheSameNameIsRefused) {
  const Pid first = start_server<Counter>("counter"_atom, self());
  EXPECT_EQ(error_of([] { start_server<Counter>("counter"_atom, self()); }).code(), ErrorCode::already_exists);
  EXPECT_EQ(whereis("counter"_atom), first);
}

TEST_F(GenServers, AFailedLinkedStartIsNoExitSignalToItsParent) {
  std::promise<bool> survived;
  spawn([&] {
    try {
      start_server([] { return std::make_unique<FailsToStart>(); }, std::nullopt, true);
    } catch (const std::runtime_error&) {
    }
    survived.set_value(!receive(std::chrono::milliseconds(0)));
  });
  EXPECT_TRUE(survived.get_future().get());
}

TEST_F(GenServers, AServerThatTrapsExitsTerminatesWhenItsParentEnds) {
  const Pid observer = self();
  const Pid parent = spawn([observer] {
    start_server([observer] { return std::make_unique<TrapsExits>(observer); }, "child"_atom, true);
    wait_to_stop();
  });
  subscribe_names();
  while (!whereis("child"_atom)) receive();
  send(parent, stop_with("over"_atom));
  const Term expected{"terminate"_atom, "over"_atom};
  while (receive() != expected) {
  }
}

TEST_F(GenServers, AServerInAnotherProgramAnswers) {
  const auto other = node.open_program();
  std::promise<Pid> started;
  other->spawn([&, observer = self()] { started.set_value(start_server<Counter>("counter"_atom, observer)); }, {});
  const Pid counter = started.get_future().get();
  EXPECT_EQ(counter.program, other->program());
  EXPECT_EQ(call("counter"_atom, "next"_atom, kForEver), Term(1));
  cast(counter, 5);
  EXPECT_EQ(call(counter, "next"_atom, kForEver), Term(7));
  EXPECT_TRUE(host->watched().empty());
  EXPECT_EQ(error_of([&] { call(counter, "crash"_atom, kForEver); }).code(), ErrorCode::noproc);
}

}  // namespace
}  // namespace heirloom::process
