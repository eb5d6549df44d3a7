// SPDX-License-Identifier: Apache-2.0
//
// What OTP's gen_server offers beside calls and casts, point by point: continue, time-outs, late replies, stop/3, code changes.
#include <future>
#include <stdexcept>

#include <gmock/gmock.h>

#include "heirloom/gen_server.hpp"

#include "process/process_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using std::chrono::milliseconds;

// Says to its observer what happens; does what a test has put in.
class Told : public GenServer {
 public:
  using Act = std::function<void(Told&)>;
  explicit Told(Pid observer, Act init = {}, Act cast = {}) : observer_(observer), init_(init), cast_(cast) {}

  using GenServer::continue_with;
  using GenServer::defer_reply;
  using GenServer::set_timeout;
  using GenServer::stop;

  void init() override {
    if (init_) init_(*this);
  }
  Term handle_call(const Term& request, Pid /*from*/) override {
    if (request == Term("defer"_atom)) return tell("deferred"_atom, Term(defer_reply())), Term();
    if (request == Term("defer_twice"_atom)) return defer_reply(), Term(defer_reply());
    return request;
  }
  void handle_continue(const Term& what) override { tell("continued"_atom, what); }
  void handle_cast(const Term& request) override {
    tell("cast"_atom, request);
    if (cast_) cast_(*this);
  }
  void handle_info(const Term& message) override { tell("info"_atom, message); }
  void code_change(const Term& old_version, const Term& extra) override {
    if (extra == Term("fail"_atom)) throw std::runtime_error("no such version");
    if (extra == Term("exit"_atom)) heirloom::exit("changed"_atom);
    tell("changed"_atom, old_version);
  }
  void terminate(const Term& reason) override { tell("terminated"_atom, reason); }

  void tell(Atom what, const Term& detail) const { send(observer_, Term{what, detail}); }

 private:
  const Pid observer_;
  const Act init_;
  const Act cast_;
};

class EndsOtherwise : public GenServer {
  void terminate(const Term& /*reason*/) override { heirloom::exit("otherwise"_atom); }
};

class ServerControl : public ProcessTest {
 protected:
  static Pid start(Told::Act init = {}, Told::Act cast = {}) {
    return start_server<Told>(std::nullopt, self(), init, cast);
  }
  static void expect_told(Atom what, const Term& detail) { EXPECT_EQ(receive(), (Term{what, detail})); }
  static Error error_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error;
    }
    return {ErrorCode{}, "", "nothing was thrown"};
  }
};

TEST_F(ServerControl, AStopInInitIsAStartThatFails) {
  const auto start_it = [] {
    start_server([] { return std::make_unique<Told>(self(), [](Told& server) { server.stop("no luck"); }); },
                 "told"_atom, false);
  };
  EXPECT_EQ(error_of(start_it).code(), ErrorCode::noproc);
  EXPECT_THAT(error_of(start_it).what(), testing::HasSubstr("no luck"));
  EXPECT_EQ(whereis("told"_atom), std::nullopt);
  EXPECT_FALSE(receive(milliseconds(0))) << "terminate() was called";
}

TEST_F(ServerControl, ContinueRunsBeforeAnyMessageThatIsThereAlready) {
  const Pid server = start([](Told& self_) {
    cast(self(), 1);
    self_.continue_with("slow part"_atom);
  });
  expect_told("continued"_atom, "slow part"_atom);
  expect_told("cast"_atom, 1);
  stop_server(server);
}

TEST_F(ServerControl, ContinueRunsBetweenTwoMessages) {
  const Pid server = start({}, [](Told& self_) { self_.continue_with("next"_atom); });
  cast(server, 1);
  cast(server, 2);
  expect_told("cast"_atom, 1);
  expect_told("continued"_atom, "next"_atom);
  expect_told("cast"_atom, 2);
}

TEST_F(ServerControl, ATimeoutIsToldWhenNothingArrives) {
  start([](Told& self_) { self_.set_timeout(milliseconds(5)); });
  expect_told("info"_atom, "timeout"_atom);
  EXPECT_FALSE(receive(milliseconds(20))) << "it is told once";
}

TEST_F(ServerControl, ATimeoutIsCancelledByAnyMessage) {
  const Pid server = start([](Told& self_) { self_.set_timeout(milliseconds(50)); });
  EXPECT_EQ(call(server, "anything"_atom), Term("anything"_atom));
  EXPECT_FALSE(receive(milliseconds(100)));
}

TEST_F(ServerControl, ATimeoutOfZeroComesAfterWhatIsThereAlready) {
  const Pid server = start(
      [](Told& self_) {
        cast(self(), 1);
        self_.set_timeout(milliseconds(0));
      },
      [](Told& self_) { self_.set_timeout(milliseconds(0)); });
  expect_told("cast"_atom, 1);
  expect_told("info"_atom, "timeout"_atom);
  stop_server(server);
}

TEST_F(ServerControl, ACallIsAnsweredLaterByAnybody) {
  const Pid server = start();
  std::promise<Term> answer;
  spawn([&] { answer.set_value(call(server, "defer"_atom, kForEver)); });
  const Term told = receive();
  ASSERT_EQ(told.element(1), Term("deferred"_atom));
  EXPECT_EQ(call(server, "goes on"_atom), Term("goes on"_atom));
  const Term kept(told.element(2));  // as from a table
  spawn([kept] { reply(From(kept), "late"_atom); });
  EXPECT_EQ(answer.get_future().get(), Term("late"_atom));
}

TEST_F(ServerControl, AnAnswerThatNobodyWaitsForIsDropped) {
  const Pid server = start();
  EXPECT_EQ(error_of([&] { call(server, "defer"_atom, milliseconds(5)); }).code(), ErrorCode::timed_out);
  const From from{Term(receive().element(2))};
  reply(from, "too late"_atom);
  reply(from, "and twice"_atom);
  EXPECT_EQ(call(server, "flushed"_atom), Term("flushed"_atom));
  EXPECT_FALSE(receive(milliseconds(0)));
}

TEST_F(ServerControl, AReplyIsDeferredOnceAndOnlyInACall) {
  const Pid server = start();
  EXPECT_EQ(error_of([&] { call(server, "defer_twice"_atom); }).code(), ErrorCode::noproc);
  const Term told = receive();
  EXPECT_EQ(told.element(1), Term("terminated"_atom));
  EXPECT_EQ(error_of([] { From(Term(1)); }).code(), ErrorCode::badarg);
  EXPECT_EQ(error_of([] { From(Term{1, 2}); }).code(), ErrorCode::badarg);
}

TEST_F(ServerControl, StopServerWaitsForTheEndAndTerminateRuns) {
  const Pid server = start();
  stop_server(server, "done"_atom);
  EXPECT_FALSE(is_process_alive(server));
  expect_told("terminated"_atom, "done"_atom);
  EXPECT_EQ(error_of([&] { stop_server(server); }).code(), ErrorCode::noproc);
  EXPECT_EQ(error_of([&] { stop_server("nobody"_atom); }).code(), ErrorCode::noproc);
}

TEST_F(ServerControl, StopServerTellsAnotherReasonAndATimeout) {
  const Pid other = start_server<EndsOtherwise>(std::nullopt);
  EXPECT_THAT(error_of([&] { stop_server(other, "done"_atom); }).what(), testing::HasSubstr("otherwise"));
  std::promise<void> go_on;
  const Pid busy = start({}, [&](Told&) { go_on.get_future().wait(); });
  cast(busy, 1);
  EXPECT_EQ(error_of([&] { stop_server(busy, "done"_atom, milliseconds(5)); }).code(), ErrorCode::timed_out);
  const Term reference = monitor(busy);
  go_on.set_value();
  receive_if([&](const Term& message) { return message.size() == 5 && message.element(2) == reference; }, kForEver);
}

TEST_F(ServerControl, CodeChangesRunBetweenMessagesAndTellWhatFails) {
  const Pid server = start();
  change_code(server, "1.0", "extra"_atom);
  expect_told("changed"_atom, "1.0");
  EXPECT_THAT(error_of([&] { change_code(server, "1.0", "fail"_atom); }).what(), testing::HasSubstr("no such version"));
  EXPECT_EQ(call(server, "goes on"_atom), Term("goes on"_atom));
  EXPECT_EQ(error_of([&] { change_code(server, "1.0", "exit"_atom); }).code(), ErrorCode::noproc);
}

}  // namespace
}  // namespace heirloom::process
