// SPDX-License-Identifier: Apache-2.0
#include "registry.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace heirloom_nif {

Registry registry;

Kept::Kept(ERL_NIF_TERM term) : env_(enif_alloc_env()), term_(enif_make_copy(env_, term)) {}

namespace {
constexpr int kYields = 100;
std::atomic<Reader*> latest_reader{nullptr};
}  // namespace

Reader& Reader::make() {
  auto* const reader = new Reader;
  reader->before = latest_reader.load(std::memory_order_relaxed);
  while (!latest_reader.compare_exchange_weak(reader->before, reader, std::memory_order_seq_cst)) continue;
  return *reader;
}

Registry::Changing::Changing(Registry& of) : registry_(of), lock_(of.changes_) {
  of.changing_.store(true, std::memory_order_seq_cst);
  for (const Reader* reader = latest_reader.load(std::memory_order_seq_cst); reader != nullptr;
       reader = reader->before) {
    // Mostly it is over at once; a repair may take longer.
    for (int looks = 0; reader->reads.load(std::memory_order_seq_cst); ++looks) {
      if (looks < kYields) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }
}

State* Registry::find_again(const Reading& reading, ERL_NIF_TERM key) const {
  Reader& own = reading.reader_;
  if (own.version != version_) {
    own.version = version_;
    own.found = {};
  }
  for (const Reader::Found& found : own.found) {
    if (found.key == key) return found.state;
  }
  for (const Reader::Found& found : own.found) {
    if (found.key != 0 && enif_is_identical(found.key, key) != 0) return found.state;
  }
  const auto entry = entry_of(key);
  if (entry == entries_.end()) return nullptr;
  own.found[own.next++ % own.found.size()] = {entry->second.key->term(), entry->second.state.get()};
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
  const Changing changing(*this);
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
  const Changing changing(*this);
  StatePtr state = find(key);
  if (state) std::erase_if(entries_, [&](const auto& entry) { return entry.second.state == state; });
  entries_changed();
  return state;
}

void Registry::replace_key(ERL_NIF_TERM before, ERL_NIF_TERM after) {
  const Changing changing(*this);
  const StatePtr state = find(before);
  if (!state) return;
  erase(before);
  erase(after);
  entries_.emplace(hash(after), Entry{std::make_unique<Kept>(after), state});
}

std::vector<StatePtr> Registry::all() {
  const Changing changing(*this);
  std::vector<StatePtr> states;
  for (const auto& [hash, entry] : entries_) {
    if (std::find(states.begin(), states.end(), entry.state) == states.end()) states.push_back(entry.state);
  }
  return states;
}

}  // namespace heirloom_nif
