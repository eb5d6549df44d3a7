// SPDX-License-Identifier: Apache-2.0
#include "node/client.hpp"

#include <utility>

#include "os/own_thread.hpp"
#include "os/packet_socket.hpp"
#include "os/pidfd.hpp"

namespace heirloom::node {

Client::Client(std::shared_ptr<const Directory> directory, Owner& owner, std::chrono::milliseconds timeout)
    : directory_(std::move(directory)), owner_(owner), timeout_(timeout) {}

Status Client::start() {
  HEIRLOOM_TRY(poller_, os::Poller::create(), "connect to the manager");
  thread_ = os::start_own_thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout_, [this] { return welcomed_ || refused_; });
  if (welcomed_) return {};
  return refused_ ? *refused_ : without_manager_locked();
}

void Client::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  poller_->wake();
  thread_.join();
}

void Client::say_bye() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  if (line_ == Line::up) static_cast<void>(send_bye_locked());
  ended_ = true;
  finish_all_locked(without_manager_locked());
}

void Client::after_fork_in_child() noexcept {
  ended_ = true;
  if (channel_) channel_->close();
  if (poller_) poller_->abandon();
  mutex_.unlock();
}

// -- the thread --

void Client::run() {
  owner_.thread_started();
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    if (channel_) {
      poller_->wait(owner_.try_again());
    } else if (std::exchange(hasty_, false) || !connect()) {
      pause();
    }
  }
  lost();
  owner_.thread_ending();
}

void Client::pause() {
  std::unique_lock lock(mutex_);
  // Once it has been refused for good, or has said Bye, there is nothing left to look for.
  const bool for_good = refused_ || ended_;
  const auto stopping = [this] { return stopping_; };
  if (for_good) return changed_.wait(lock, stopping);
  changed_.wait_for(lock, back_off_.next(), stopping);
}

bool Client::connect() {
  {
    const std::lock_guard lock(mutex_);
    if (refused_ || ended_) return false;
  }
  auto socket = os::connect_to(directory_->socket_path());
  if (!socket) {
    const auto found = owner_.find_manager();
    if (!found) {
      const std::lock_guard lock(mutex_);
      trouble_ = found.failure();
      if (!welcomed_) refused_ = found.failure();
      changed_.notify_all();
      return false;
    }
    if (*found != Owner::Found::became) return false;
    socket = os::connect_to(directory_->socket_path());
    if (!socket) return false;
  }
  return announce(*std::move(socket));
}

bool Client::announce(os::Fd socket) {
  const int descriptor = socket.get();
  {
    const std::lock_guard lock(mutex_);
    channel_.emplace(std::move(socket));
    hasty_ = true;
    line_ = Line::announcing;
  }
  const wire::Hello hello = owner_.hello();
  const auto pidfd = os::open_pidfd(os::own_pid());
  bool sent = false;
  {
    const std::lock_guard lock(mutex_);
    sent = send_locked(wire::encode(wire::ToManager(hello)), pidfd ? pidfd->get() : -1);
  }
  if (!sent || !poller_->add(descriptor, [this](os::Poller::Ready) { read(); })) {
    lost();
    return false;
  }
  return true;
}

bool Client::say_what_waited_locked() {
  line_ = Line::up;
  bool sent = true;
  for (const std::string& message : std::exchange(kept_, {})) sent = sent && send_locked(message);
  kept_bytes_ = 0;
  for (auto& [request, pending] : pending_) {
    if (pending.outcome || pending.sent) continue;
    sent = sent && send_locked(pending.message);
    pending.sent = true;
  }
  return sent && (!ended_ || send_bye_locked());
}

bool Client::send_bye_locked() { return send_locked(wire::encode(wire::ToManager(wire::Bye{}))); }

void Client::read() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (channel_->has_waiting()) {
        static_cast<void>(channel_->flush());
        poller_->want_write(channel_->descriptor(), channel_->has_waiting());
      }
      if (stopping_) return;
    }
    Channel::Incoming incoming = channel_->receive();
    using Kind = Channel::Incoming::Kind;
    if (incoming.kind == Kind::nothing_now || incoming.kind == Kind::part) return;
    if (incoming.kind == Kind::closed) return lost();
    auto message = wire::decode<wire::ToProgram>(incoming.message);
    if (!message || !handle(*std::move(message))) return lost();
  }
}

bool Client::handle(wire::ToProgram message) {
  if (auto* reply = std::get_if<wire::Reply>(&message)) {
    const std::lock_guard lock(mutex_);
    if (auto* refusal = std::get_if<wire::Refusal>(&reply->answer)) {
      finish_locked(reply->request, fail(refusal->code, refusal->detail));
    } else {
      finish_locked(reply->request, std::move(reply->answer));
    }
    return true;
  }
  if (const auto* welcome = std::get_if<wire::Welcome>(&message)) {
    const std::lock_guard lock(mutex_);
    if (welcome->version != wire::kProtocolVersion) return false;
    welcomed_ = true;
    trouble_.reset();
    back_off_.reset();
    hasty_ = false;
    changed_.notify_all();
    return say_what_waited_locked();
  }
  if (const auto* refusal = std::get_if<wire::Refusal>(&message)) {
    const std::lock_guard lock(mutex_);
    refused_ = fail(refusal->code, "the manager refuses this program: " + refusal->detail);
    finish_all_locked(*refused_);
    return false;
  }
  owner_.received(std::move(message));
  return true;
}

void Client::lost() {
  const std::lock_guard lock(mutex_);
  if (!channel_) return;
  poller_->remove(channel_->descriptor());
  channel_.reset();
  line_ = Line::down;
  for (auto& [request, pending] : pending_) {
    if (pending.outcome || !pending.sent) continue;
    pending.sent = false;
    if (pending.again == Again::never) {
      pending.outcome =
          fail(ErrorCode::no_manager, "the manager died before it answered; whether it happened is unknown");
    }
  }
  changed_.notify_all();
}

// -- calls and posts --

bool Client::send_locked(std::string_view message, int descriptor) {
  const bool sent = channel_->send(message, descriptor);
  if (channel_->has_waiting()) poller_->want_write(channel_->descriptor(), true);
  return sent;
}

void Client::post(const wire::ToManager& message, Post post) {
  std::string bytes = wire::encode(message);
  const std::lock_guard lock(mutex_);
  if (ended_ || refused_) return;
  // A failure to send means that the connection has ended, which the thread will see, too, or that too much waits in it already.
  if (line_ == Line::up && (send_locked(bytes) || channel_->has_waiting())) return;
  if (post == Post::repeated_by_hello && line_ != Line::announcing) return;
  kept_bytes_ += bytes.size();
  kept_.push_back(std::move(bytes));
  for (; kept_bytes_ > kKeptBytesMax; kept_.pop_front()) kept_bytes_ -= kept_.front().size();
}

std::uint64_t Client::next_request() {
  const std::lock_guard lock(mutex_);
  return ++last_request_;
}

Result<wire::Answer> Client::wait_for(std::uint64_t request, std::string message, Again again) {
  std::unique_lock lock(mutex_);
  if (refused_) return *refused_;
  if (ended_) return without_manager_locked();
  if (message.size() > wire::kMessageBytesMax) {
    return fail(ErrorCode::system_limit, "a message of " + std::to_string(message.size()) + " bytes is too big");
  }
  Pending& pending = pend_locked(request, std::move(message), again);
  const bool answered = changed_.wait_for(lock, timeout_, [&] { return pending.outcome.has_value(); });
  Result<wire::Answer> outcome = answered ? *std::move(pending.outcome) : without_manager_locked();
  pending_.erase(request);
  return outcome;
}

void Client::insist_on(std::uint64_t request, std::string message) {
  const std::lock_guard lock(mutex_);
  if (ended_ || refused_) return;
  pend_locked(request, std::move(message), Again::when_asked).awaited = false;
}

Client::Pending& Client::pend_locked(std::uint64_t request, std::string message, Again again) {
  Pending& pending = pending_[request];
  pending.again = again;
  pending.message = std::move(message);
  if (line_ == Line::up) {
    pending.sent = true;
    static_cast<void>(send_locked(pending.message));
  }
  return pending;
}

void Client::finish_locked(std::uint64_t request, Result<wire::Answer> outcome) {
  const auto found = pending_.find(request);
  if (found == pending_.end()) return;  // its caller did not wait any longer
  if (!found->second.awaited) return static_cast<void>(pending_.erase(found));
  found->second.outcome = std::move(outcome);
  changed_.notify_all();
}

void Client::finish_all_locked(const Failure& outcome) {
  std::erase_if(pending_, [](const auto& entry) { return !entry.second.awaited; });
  for (auto& [request, pending] : pending_) {
    if (!pending.outcome) pending.outcome = outcome;
  }
  changed_.notify_all();
}

Failure Client::without_manager_locked() const {
  if (ended_) return fail(ErrorCode::no_manager, "the node was closed");
  if (line_ != Line::down)
    return fail(ErrorCode::no_manager, "the manager did not answer in " + std::to_string(timeout_.count()) + " ms");
  if (trouble_) return fail(ErrorCode::no_manager, trouble_->to_string());
  return fail(ErrorCode::no_manager, "the node has no manager");
}

}  // namespace heirloom::node
