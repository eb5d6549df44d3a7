// SPDX-License-Identifier: Apache-2.0
//
// Poller: waits for descriptors, on one thread, and calls back. Any other thread may wake it.
//
// Why not Asio? What a manager waits for are a dozen descriptors of three kinds with packets and descriptors in them, which
// Asio would only wait for as well; this is epoll and a map.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "os/bell.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

class Poller {
 public:
  struct Ready {
    bool readable;
    bool writable;
    bool hung_up;
  };
  using Callback = std::function<void(Ready)>;

  static Result<Poller> create();

  // Calls back while `descriptor` is readable, until remove(). A callback may add and remove any descriptor.
  Status add(int descriptor, Callback callback);
  void want_write(int descriptor, bool wanted) { want(descriptor, true, wanted); }
  // Which of both it calls back for; for the end of a connection in any case.
  void want(int descriptor, bool readable, bool writable);
  void remove(int descriptor);

  // Waits at most `timeout` (none: for ever) until something is ready, or wake() is called.
  void wait_only(std::optional<std::chrono::milliseconds> timeout);
  // Calls back for what the last wait found ready.
  void call_back();
  void wait(std::optional<std::chrono::milliseconds> timeout) {
    wait_only(timeout);
    call_back();
  }

  // Makes the current or next wait() return. From any thread, and from signal handlers.
  void wake() const noexcept;

  // Closes its descriptors, in a forked child.
  void abandon() noexcept;

 private:
  Poller(Fd epoll, Bell bell) : epoll_(std::move(epoll)), bell_(std::move(bell)) {}

  Fd epoll_;
  Bell bell_;
  std::map<int, std::shared_ptr<Callback>> callbacks_;
  struct Found {
    int descriptor;
    Ready ready;
  };
  std::vector<Found> found_;
};

}  // namespace heirloom::os
