// SPDX-License-Identifier: Apache-2.0
#include "registry.hpp"

#include <algorithm>

namespace heirloom_nif {

Registry registry;

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

State* Registry::find_again(ERL_NIF_TERM key) const {
  struct Found {
    ERL_NIF_TERM key = 0;  // as the registry keeps it
    State* state = nullptr;
  };
  struct Latest {
    std::uint64_t version = 0;
    std::array<Found, 4> found{};
    std::size_t next = 0;
  };
  thread_local Latest latest;
  const std::uint64_t version = version_.load(std::memory_order_relaxed);
  if (latest.version != version) latest = Latest{.version = version};
  for (const Found& found : latest.found) {
    if (found.key == key) return found.state;
  }
  for (const Found& found : latest.found) {
    if (found.key != 0 && enif_is_identical(found.key, key) != 0) return found.state;
  }
  const auto entry = entry_of(key);
  if (entry == entries_.end()) return nullptr;
  latest.found[latest.next++ % latest.found.size()] = {entry->second.key->term(), entry->second.state.get()};
  return entry->second.state.get();
}

const StatePtr& Registry::find(ERL_NIF_TERM key) const {
  static const StatePtr none;
  const auto entry = entry_of(key);
  return entry == entries_.end() ? none : entry->second.state;
}

Registry::Entries::const_iterator Registry::entry_of(ERL_NIF_TERM key) const {
  const auto [begin, end] = entries_.equal_range(hash(key));
  const auto found = std::find_if(
      begin, end, [&](const auto& entry) { return enif_is_identical(entry.second.key->term(), key) != 0; });
  return found == end ? entries_.end() : found;
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
  entries_changed();
}

StatePtr Registry::remove(ERL_NIF_TERM key) {
  const auto locks = all_locks();
  StatePtr state = find(key);
  if (state) std::erase_if(entries_, [&](const auto& entry) { return entry.second.state == state; });
  entries_changed();
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
