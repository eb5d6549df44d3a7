// SPDX-License-Identifier: Apache-2.0
//
// A mailbox in an event loop: its descriptor is readable exactly while something waits to be received.
#include <poll.h>
#include <sys/epoll.h>

#include <thread>

#include "heirloom/gen_server.hpp"

#include "os/fd.hpp"
#include "process/process_fixture.hpp"

namespace heirloom::process {
namespace {

using namespace literals;
using std::chrono::milliseconds;

class ReceiveDescriptor : public ProcessTest {
 protected:
  ReceiveDescriptor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{};
    event.events = EPOLLIN;
    EXPECT_EQ(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, receive_descriptor(), &event), 0);
  }
  [[nodiscard]] bool is_readable(int timeout = 0) const {
    epoll_event event{};
    return ::epoll_wait(epoll_.get(), &event, 1, timeout) == 1;
  }

 private:
  os::Fd epoll_;
};

TEST_F(ReceiveDescriptor, IsReadableWhileAMessageWaits) {
  EXPECT_FALSE(is_readable());
  send(self(), 1);
  send(self(), 2);
  EXPECT_TRUE(is_readable());
  EXPECT_TRUE(is_readable());
  EXPECT_EQ(receive(milliseconds(0)), Term(1));
  EXPECT_TRUE(is_readable());
  EXPECT_EQ(receive(milliseconds(0)), Term(2));
  EXPECT_FALSE(is_readable());
  EXPECT_FALSE(receive(milliseconds(0)));
  send(self(), 3);
  EXPECT_TRUE(is_readable());
}

TEST_F(ReceiveDescriptor, IsTheSameAtEveryCall) { EXPECT_EQ(receive_descriptor(), receive_descriptor()); }

TEST_F(ReceiveDescriptor, SpeaksForWhatCameBeforeItWasAskedFor) {
  const Pid me = self();
  const Pid late = spawn([me] {
    receive_if([](const Term& message) { return message == Term("go"_atom); }, milliseconds::max());
    pollfd waiting{receive_descriptor(), POLLIN, 0};
    send(me, ::poll(&waiting, 1, 0));
  });
  send(late, "something"_atom);
  send(late, "go"_atom);
  EXPECT_EQ(receive(), Term(1));
}

TEST_F(ReceiveDescriptor, StaysReadableForWhatASelectiveReceiveLeaves) {
  send(self(), "other"_atom);
  send(self(), "wanted"_atom);
  EXPECT_TRUE(receive_if([](const Term& message) { return message == Term("wanted"_atom); }, milliseconds(0)));
  EXPECT_TRUE(is_readable());
  EXPECT_EQ(receive(milliseconds(0)), Term("other"_atom));
  EXPECT_FALSE(is_readable());
}

TEST_F(ReceiveDescriptor, WakesALoopThatWaits) {
  const Pid me = self();
  spawn([me] { send(me, "hello"_atom); });
  EXPECT_TRUE(is_readable(-1));
  EXPECT_EQ(receive(milliseconds(0)), Term("hello"_atom));
}

TEST_F(ReceiveDescriptor, IsSilentAfterACallWhoseAnswerWasTaken) {
  class Echo : public GenServer {
    Term handle_call(const Term& request, Pid) override { return request; }
  };
  const Pid server = start_server<Echo>(std::nullopt);
  EXPECT_EQ(call(server, 7), Term(7));
  EXPECT_FALSE(is_readable());
}

TEST_F(ReceiveDescriptor, IsReadableOnceItsProcessIsToEnd) {
  const Pid me = self();
  const Pid child = spawn([me] {
    pollfd waiting{receive_descriptor(), POLLIN, 0};
    send(me, "ready"_atom);
    EXPECT_EQ(::poll(&waiting, 1, -1), 1);
    receive(milliseconds(0));
    ADD_FAILURE() << "the exit signal was lost";
  });
  EXPECT_EQ(receive(), Term("ready"_atom));
  heirloom::exit(child, "enough"_atom);
  host->wait_until_ended(child, std::nullopt);
}

}  // namespace
}  // namespace heirloom::process
