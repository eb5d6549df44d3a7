// SPDX-License-Identifier: Apache-2.0
//
// What a manager could not do, mostly because no descriptor was left, and does when it can: it tries again in growing pauses,
// and says so. Nothing of it stops the manager meanwhile.
#include <utility>

#include "node/manager.hpp"

namespace heirloom::node {

namespace {

// At least, between two lines about the same trouble.
constexpr std::chrono::seconds kSayAgain{10};

}  // namespace

std::size_t Manager::unfinished() const {
  return state_.segments_behind() + strangers_.size() + unwatched_.size() + (listener_pauses_ ? 1 : 0);
}

std::optional<std::chrono::milliseconds> Manager::time_until_retry() {
  if (unfinished() == 0) {
    next_try_.reset();
    back_off_.reset();
    return std::nullopt;
  }
  const auto now = Clock::now();
  if (!next_try_) next_try_ = now + back_off_.next();
  return std::chrono::ceil<std::chrono::milliseconds>(*next_try_ - now);
}

void Manager::retry_if_due() {
  if (!next_try_ || Clock::now() < *next_try_) return;
  next_try_.reset();
  retrying_ = true;
  if (std::exchange(listener_pauses_, false)) listen_again();
  for (const std::string& id : std::exchange(strangers_, {})) adopt_stranger(id);
  for (const std::uint32_t program : std::exchange(unwatched_, {})) adopt_program(program);
  state_.try_again();
  retrying_ = false;
  if (unfinished() == 0) return;
  say_now_and_then("still to be done: " + std::to_string(unfinished()) + " things; the last to fail was: " + trouble_);
}

void Manager::note_trouble(const std::string& what, const std::string& why) {
  trouble_ = what + ": " + why;
  if (!retrying_) say_now_and_then(trouble_ + "; tried again until it works");
}

void Manager::say_now_and_then(const std::string& text) {
  const auto now = Clock::now();
  std::erase_if(said_, [&](const auto& line) { return now - line.second >= kSayAgain; });
  if (said_.try_emplace(text, now).second) say(text);
}

// While no descriptor is left for a connection, the listener would be ready all the time.
void Manager::pause_listener(const Failure& why) {
  segments_.close_all();
  poller_.remove(listener_.get());
  listener_pauses_ = true;
  note_trouble("a program cannot be connected", why.to_string());
}

void Manager::listen_again() {
  if (auto added = poller_.add(listener_.get(), [this](os::Poller::Ready) { accept_connections(); }); !added) {
    listener_pauses_ = true;
    return note_trouble("nobody can connect", added.failure().to_string());
  }
  accept_connections();
}

}  // namespace heirloom::node
