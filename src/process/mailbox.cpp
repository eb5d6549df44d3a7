// SPDX-License-Identifier: Apache-2.0
#include "process/mailbox.hpp"

#include <utility>

#include "process/atoms.hpp"
#include "process/process_exit.hpp"
#include "process/reference.hpp"

namespace heirloom::process {

Deadline deadline_after(std::chrono::milliseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  const auto farthest = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::time_point::max() - now);
  return timeout < farthest ? Deadline(now + timeout) : std::nullopt;
}

bool Mailbox::push(Message message, std::function<void()> settle) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (is_stale_answer(message)) return true;
    append({std::move(message), std::move(settle)});
  }
  changed_.notify_all();
  return true;
}

void Mailbox::push_names_changed() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || messages_.contains(names_changed_at_)) return;
    names_changed_at_ = append({Term(atoms().names_changed), {}});
  }
  changed_.notify_all();
}

std::uint64_t Mailbox::append(Arrived arrived) {
  const std::uint64_t number = next_++;
  messages_.emplace_hint(messages_.end(), number, std::make_shared<const Arrived>(std::move(arrived)));
  if (messages_.size() == 1) ring_or_silence();
  return number;
}

bool Mailbox::is_stale_answer(const Message& message) const {
  const Term* term = std::get_if<Term>(&message);
  if (term == nullptr || !term->is_tuple() || term->size() != 2) return false;
  const std::optional<Reference> reference = read_reference(term->element(1));
  return reference && reference->caller == owner_ && !awaited_.contains(reference->number);
}

std::optional<Message> Mailbox::take(const Wanted& wanted, const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  std::uint64_t judged = 0;  // all up to this number were not wanted
  bool in_time = true;
  for (;;) {
    if (interrupted_) throw ProcessExit{*interrupted_, true};
    if (const auto next = messages_.upper_bound(judged); next != messages_.end()) {
      const auto [number, arrived] = *next;
      judged = number;
      lock.unlock();
      const bool is_wanted = wanted(arrived->message);
      lock.lock();
      // Only the thread that removes it has it: another one may have been faster.
      if (is_wanted && messages_.erase(number) == 1) {
        ring_or_silence();
        lock.unlock();
        if (arrived->settle) arrived->settle();
        return arrived->message;
      }
    } else if (!in_time) {
      return std::nullopt;
    } else if (deadline) {
      in_time = changed_.wait_until(lock, *deadline) == std::cv_status::no_timeout;
    } else {
      changed_.wait(lock);
    }
  }
}

void Mailbox::remove(const Wanted& unwanted) {
  const std::lock_guard lock(mutex_);
  std::erase_if(messages_, [&](const auto& entry) { return unwanted(entry.second->message); });
  ring_or_silence();
}

Result<int> Mailbox::descriptor() {
  const std::lock_guard lock(mutex_);
  if (!bell_) {
    HEIRLOOM_TRY(bell_, os::Bell::create(), "make a descriptor for messages");
    ring_or_silence();
  }
  return bell_->descriptor();
}

void Mailbox::ring_or_silence() const noexcept {
  if (!bell_) return;
  if (messages_.empty() && !interrupted_) {
    bell_->silence();
  } else {
    bell_->ring();
  }
}

void Mailbox::interrupt(const Term& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!interrupted_) interrupted_ = reason;
    ring_or_silence();
  }
  changed_.notify_all();
}

void Mailbox::throw_if_interrupted() {
  const std::lock_guard lock(mutex_);
  if (interrupted_) throw ProcessExit{*interrupted_, true};
}

void Mailbox::await_answer(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  awaited_.insert(number);
}

void Mailbox::forget_answer(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  awaited_.erase(number);
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  messages_.clear();
}

}  // namespace heirloom::process
