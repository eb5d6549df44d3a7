// SPDX-License-Identifier: Apache-2.0
//
// Mailbox: what has been sent to one process and not received so far, in the order of its arrival: messages and
// 'ETS-TRANSFER's. Several threads may receive from the mailbox of a root process; each message goes to one of them.
//
// Why a map by arrival number, not a queue? A selective receive leaves a message in the middle, judges it with the lock
// released (the predicate is the user's), and goes on behind it, whatever other threads have taken meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <variant>

#include "heirloom/process.hpp"
#include "heirloom/term.hpp"

#include "base/result.hpp"
#include "os/bell.hpp"

namespace heirloom::process {

using Message = std::variant<Term, EtsTransfer>;
using Wanted = std::function<bool(const Message&)>;
// The moment at which a receiver gives up; none: never.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

// `timeout` from now; what lies too far away to be counted is never.
Deadline deadline_after(std::chrono::milliseconds timeout);

class Mailbox {
 public:
  explicit Mailbox(Pid owner) : owner_(owner) {}

  // False when the process has ended; the message is dropped. `settle` is called by the thread that takes it, before it has it;
  // it may wait, and throws nothing.
  bool push(Message message, std::function<void()> settle = {});
  // The same, unless the message that was pushed so before is still unread.
  void push_names_changed();

  // The first message that `wanted` accepts. Throws ProcessExit when interrupted.
  std::optional<Message> take(const Wanted& wanted, const Deadline& deadline);

  // Drops the messages for which `unwanted` holds; it runs under the lock and may only look.
  void remove(const Wanted& unwanted);

  // A descriptor that is readable as long as a take() of anything would not wait: made by the first call, and closed with the
  // mailbox.
  Result<int> descriptor();

  // From now on every take() throws ProcessExit with the reason of the first interrupt().
  void interrupt(const Term& reason);
  void throw_if_interrupted();

  // The answer to the owner's call `number`, {Reference, Reply}, is dropped when it is not awaited.
  void await_answer(std::uint64_t number);
  void forget_answer(std::uint64_t number);

  // Drops everything, now and later.
  void close();

 private:
  struct Arrived {
    Message message;
    std::function<void()> settle;
  };
  [[nodiscard]] bool is_stale_answer(const Message& message) const;
  std::uint64_t append(Arrived arrived);
  // After something came, went or was interrupted. Requires mutex_.
  void ring_or_silence() const noexcept;

  const Pid owner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::shared_ptr<const Arrived>> messages_;
  std::uint64_t names_changed_at_ = 0;
  std::set<std::uint64_t> awaited_;
  std::optional<Term> interrupted_;
  bool closed_ = false;
  std::optional<os::Bell> bell_;
};

}  // namespace heirloom::process
