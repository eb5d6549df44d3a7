// SPDX-License-Identifier: Apache-2.0
#include "registry.hpp"

#include <algorithm>

namespace heirloom_nif {

Kept::Kept(ERL_NIF_TERM term) : env_(enif_alloc_env()), term_(enif_make_copy(env_, term)) {}

std::unique_lock<std::mutex> Registry::own_lock() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed) % kThreads;
  return std::unique_lock(locks_[number].mutex);
}

std::vector<std::unique_lock<std::mutex>> Registry::all_locks() {
  std::vector<std::unique_lock<std::mutex>> held;
  for (Lock& lock : locks_) held.emplace_back(lock.mutex);
  return held;
}

const StatePtr& Registry::find(ERL_NIF_TERM key) const {
  static const StatePtr none;
  const auto [begin, end] = entries_.equal_range(hash(key));
  for (auto entry = begin; entry != end; ++entry) {
    if (enif_is_identical(entry->second.key->term(), key) != 0) return entry->second.state;
  }
  return none;
}

void Registry::add(const std::vector<ERL_NIF_TERM>& keys, const StatePtr& state, bool if_absent) {
  const auto locks = all_locks();
  for (const ERL_NIF_TERM key : keys) {
    if (if_absent && find(key)) continue;
    erase(key);
    entries_.emplace(hash(key), Entry{std::make_unique<Kept>(key), state});
  }
}

void Registry::erase(ERL_NIF_TERM key) {
  std::erase_if(entries_, [&](const auto& entry) { return enif_is_identical(entry.second.key->term(), key) != 0; });
}

StatePtr Registry::remove(ERL_NIF_TERM key) {
  const auto locks = all_locks();
  StatePtr state = find(key);
  if (state) std::erase_if(entries_, [&](const auto& entry) { return entry.second.state == state; });
  return state;
}

void Registry::replace_key(ERL_NIF_TERM before, ERL_NIF_TERM after) {
  const auto locks = all_locks();
  const StatePtr state = find(before);
  if (!state) return;
  erase(before);
  erase(after);
  entries_.emplace(hash(after), Entry{std::make_unique<Kept>(after), state});
}

std::vector<StatePtr> Registry::all() {
  const auto locks = all_locks();
  std::vector<StatePtr> states;
  for (const auto& [hash, entry] : entries_) {
    if (std::find(states.begin(), states.end(), entry.state) == states.end()) states.push_back(entry.state);
  }
  return states;
}

}  // namespace heirloom_nif
