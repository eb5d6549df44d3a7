// SPDX-License-Identifier: Apache-2.0
//
// Client: a program's connection to its manager, on a thread of its own. When the manager dies it finds the next one, or
// lets its owner become it, says Hello again, and repeats the calls that may be repeated.
//
// **Threads.** Any thread posts and calls; what it says is sent at once, on that thread. Messages are received on the
// client's thread, which also holds the program's life word: it lives as long as the program has the node open.
// mutex_ guards all but what only that thread touches, and is never held while an owner's callback runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "node/back_off.hpp"
#include "node/channel.hpp"
#include "node/directory.hpp"
#include "os/poller.hpp"
#include "wire/messages.hpp"

namespace heirloom::node {

class Client {
 public:
  // What its owner does for it, all on the client's thread.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void thread_started() = 0;
    virtual void thread_ending() = 0;
    // Whoever answers includes all that it posted with `Post::repeated_by_hello` before.
    virtual wire::Hello hello() = 0;
    // All but what Client answers itself.
    virtual void received(wire::ToProgram message) = 0;
    // Called before each wait. When to be called again at the latest; nothing: when there is something else to do.
    virtual std::optional<std::chrono::milliseconds> try_again() = 0;
    // Nobody listens. `became`: this program is the manager now; `elsewhere`: another one is, or will be;
    // a Failure: nobody, and this program cannot be.
    enum class Found { became, elsewhere };
    virtual Result<Found> find_manager() = 0;
  };

  Client(std::shared_ptr<const Directory> directory, Owner& owner, std::chrono::milliseconds timeout);
  ~Client() { stop(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Returns when a manager has said Welcome. Errors: no_manager, what find_manager() said, what the manager refused.
  Status start();
  // Says Bye: from here on every call fails. The thread goes on, and with it the program's life.
  void say_bye();
  // Ends the thread. Not from that thread itself.
  void stop();
  [[nodiscard]] bool on_own_thread() const noexcept { return std::this_thread::get_id() == thread_.get_id(); }

  enum class Again {
    never,       // whether it happened is unknown when the manager dies: the caller is told so
    when_asked,  // happening twice is no different from once
  };
  // Waits for the answer, as long as the time-out. A Refusal comes back as a Failure. Errors: no_manager.
  template <typename Call>
  Result<wire::Answer> call(Call message, Again again) {
    message.request = next_request();
    const std::uint64_t request = message.request;
    return wait_for(request, wire::encode(wire::ToManager(std::move(message))), again);
  }
  // Does not wait, and says it to one manager after the other until one has answered.
  template <typename Call>
  void insist(Call message) {
    message.request = next_request();
    const std::uint64_t request = message.request;
    insist_on(request, wire::encode(wire::ToManager(std::move(message))));
  }

  enum class Post {
    kept,  // sent to the next manager when there is none now; lost if the one that has it dies before it has read it
    repeated_by_hello  // not needed then: Hello says the same
  };
  void post(const wire::ToManager& message, Post post);

  // Around fork().
  void before_fork() { mutex_.lock(); }
  void after_fork_in_parent() { mutex_.unlock(); }
  void after_fork_in_child() noexcept;

 private:
  enum class Line {
    down,        // nobody to talk to
    announcing,  // Hello is being said, and not answered yet: who is to answer may be at its end. All else waits for Welcome
    up
  };
  struct Pending {
    std::string message;
    Again again;
    bool awaited = true;  // by a caller, who takes it away
    bool sent = false;
    std::optional<Result<wire::Answer>> outcome;
  };

  void run();
  bool connect();
  bool announce(os::Fd socket);
  bool say_what_waited_locked();
  bool send_bye_locked();
  void read();
  bool handle(wire::ToProgram message);
  void lost();
  void pause();
  bool send_locked(std::string_view message, int descriptor = -1);
  std::uint64_t next_request();
  Result<wire::Answer> wait_for(std::uint64_t request, std::string message, Again again);
  void insist_on(std::uint64_t request, std::string message);
  Pending& pend_locked(std::uint64_t request, std::string message, Again again);
  void finish_locked(std::uint64_t request, Result<wire::Answer> outcome);
  void finish_all_locked(const Failure& outcome);
  [[nodiscard]] Failure without_manager_locked() const;

  static constexpr std::size_t kKeptBytesMax = 64 * 1024 * 1024;

  const std::shared_ptr<const Directory> directory_;
  Owner& owner_;
  const std::chrono::milliseconds timeout_;
  std::optional<os::Poller> poller_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Line line_ = Line::down;
  std::optional<Channel> channel_;
  bool welcomed_ = false;  // by some manager, ever
  bool hasty_ = false;     // the last connection ended before a Welcome: no reason to come back at once
  bool stopping_ = false;
  bool ended_ = false;              // Bye was said
  std::optional<Failure> refused_;  // for good: no use in trying again
  std::optional<Failure> trouble_;  // why there was no manager at the last try
  std::uint64_t last_request_ = 0;
  std::map<std::uint64_t, Pending> pending_;
  std::deque<std::string> kept_;
  std::size_t kept_bytes_ = 0;
  BackOff back_off_{std::chrono::milliseconds(1), std::chrono::milliseconds(50)};

  std::thread thread_;
};

}  // namespace heirloom::node
