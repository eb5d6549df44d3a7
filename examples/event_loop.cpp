// SPDX-License-Identifier: Apache-2.0
//
// A server with an event loop of its own - here epoll, with a timer of Linux as the other source of events - that is handed a
// table and reads messages between its other events, without a thread for it.
//
//   event_loop /dev/shm/loop
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>

#include <heirloom/heirloom.hpp>

using namespace heirloom;
using namespace heirloom::literals;
using std::chrono::milliseconds;

namespace {

void watch(int epoll, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) throw std::runtime_error("epoll_ctl");
}

// Ticks every 10 ms.
int make_ticker() {
  const int ticker = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  const itimerspec every{{0, 10'000'000}, {0, 10'000'000}};
  ::timerfd_settime(ticker, 0, &every, nullptr);
  return ticker;
}

// Somebody who fills a table, hands it over and says so.
void produce(Node node, Pid server) {
  Table orders = node.create("orders"_atom);
  orders.insert({1, "tea"});
  orders.give_away(server, "fresh"_atom);
  send(server, "done"_atom);
}

class Server {
 public:
  // All that has come: both kinds, until nothing is left, since the descriptor stays readable as long.
  void receive_all() {
    while (const auto transfer = receive_transfer(milliseconds(0))) {
      orders_ = transfer->table;
      std::cout << "got the table " << orders_->name() << " from " << transfer->from << '\n';
    }
    while (const auto message = receive(milliseconds(0))) {
      std::cout << "got " << *message << '\n';
      done_ = done_ || *message == Term("done"_atom);
    }
  }
  void tick(int ticker) {
    std::uint64_t times = 0;
    if (::read(ticker, &times, sizeof(times)) != sizeof(times) || !orders_) return;
    ticks_ = orders_->update_counter("ticks"_atom, {.position = 2, .increment = 1}, Term{"ticks"_atom, 0}).as_int64();
  }
  [[nodiscard]] bool is_done() const { return done_ && ticks_ >= 3; }

 private:
  std::optional<Table> orders_;
  std::int64_t ticks_ = 0;
  bool done_ = false;
};

}  // namespace

int main(int argc, char** argv) try {
  const Node node = Node::open(argc > 1 ? argv[1] : "/dev/shm/event_loop");
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int ticker = make_ticker();
  const int messages = receive_descriptor();
  watch(epoll, ticker);
  watch(epoll, messages);
  spawn([node, server = self()] { produce(node, server); });

  Server server;
  while (!server.is_done()) {
    epoll_event event{};
    if (::epoll_wait(epoll, &event, 1, -1) != 1) continue;
    event.data.fd == messages ? server.receive_all() : server.tick(ticker);
  }
  std::cout << "counted three ticks in a table that was handed over\n";
  ::close(ticker);
  ::close(epoll);
} catch (const std::exception& error) {
  std::cerr << "event_loop: " << error.what() << '\n';
  return EXIT_FAILURE;
}
