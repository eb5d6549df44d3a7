// SPDX-License-Identifier: Apache-2.0
#include "os/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "os/file.hpp"

namespace heirloom::os {

Result<Poller> Poller::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno_failure(errno, "make an event loop");
  HEIRLOOM_TRY(Bell bell, Bell::create(), "make an event loop");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = bell.descriptor();
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, bell.descriptor(), &event) != 0)
    return errno_failure(errno, "make an event loop");
  return Poller(std::move(epoll), std::move(bell));
}

Status Poller::add(int descriptor, Callback callback) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0)
    return errno_failure(errno, "wait for a descriptor");
  callbacks_[descriptor] = std::make_shared<Callback>(std::move(callback));
  return {};
}

void Poller::want(int descriptor, bool readable, bool writable) {
  epoll_event event{};
  event.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  event.data.fd = descriptor;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

void Poller::remove(int descriptor) {
  if (callbacks_.erase(descriptor) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void Poller::wait_only(std::optional<std::chrono::milliseconds> timeout) {
  std::array<epoll_event, 64> events;
  const int wait_ms = timeout ? static_cast<int>(std::max<std::int64_t>(timeout->count(), 0)) : -1;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
  found_.clear();
  for (int index = 0; index < count; ++index) {
    const epoll_event& event = events[static_cast<std::size_t>(index)];
    if (event.data.fd == bell_.descriptor()) {
      bell_.silence();
      continue;
    }
    found_.push_back(
        {event.data.fd,
         {(event.events & EPOLLIN) != 0, (event.events & EPOLLOUT) != 0, (event.events & (EPOLLHUP | EPOLLERR)) != 0}});
  }
}

void Poller::call_back() {
  for (const Found& one : std::exchange(found_, {})) {
    // An earlier callback of this round may have removed this one; a copy keeps it alive while it removes itself.
    const auto entry = callbacks_.find(one.descriptor);
    if (entry == callbacks_.end()) continue;
    const std::shared_ptr<Callback> callback = entry->second;
    (*callback)(one.ready);
  }
}

void Poller::wake() const noexcept { bell_.ring(); }

void Poller::abandon() noexcept {
  epoll_.reset();
  bell_.abandon();
}

}  // namespace heirloom::os
