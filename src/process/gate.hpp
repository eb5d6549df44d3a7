// SPDX-License-Identifier: Apache-2.0
//
// Gate: counts who is inside, so that close() can wait until nobody is and nobody comes any more. Unlike a shared mutex, a
// thread that is inside may enter again, also while another waits in close().
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace heirloom::process {

class Gate {
 public:
  // True while its maker is inside; false when the gate was closed already.
  class Visit {
   public:
    explicit Visit(Gate& gate) : gate_(gate.enter() ? &gate : nullptr) {}
    ~Visit() {
      if (gate_ != nullptr) gate_->leave();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    explicit operator bool() const noexcept { return gate_ != nullptr; }

   private:
    Gate* gate_;
  };

  [[nodiscard]] bool is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  // Not to be called from inside.
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    empty_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  bool enter() {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    ++inside_;
    return true;
  }
  void leave() {
    // Notifies under the lock: who waits in close() may destroy the gate as soon as it has the lock.
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

}  // namespace heirloom::process
