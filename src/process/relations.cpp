// SPDX-License-Identifier: Apache-2.0
#include "process/relations.hpp"

#include <utility>

namespace heirloom::process {

namespace {

// Removes `value` from the set of `key`, and the set with its last value.
template <typename Key, typename Value>
void remove_from(std::map<Key, std::set<Value>>& sets, const Key& key, const Value& value) {
  const auto found = sets.find(key);
  if (found == sets.end()) return;
  found->second.erase(value);
  if (found->second.empty()) sets.erase(found);
}

template <typename Key, typename Value>
std::set<Value> take_set(std::map<Key, std::set<Value>>& sets, const Key& key) {
  const auto found = sets.find(key);
  return found == sets.end() ? std::set<Value>() : std::move(sets.extract(found).mapped());
}

}  // namespace

void Relations::link(Pid one, Pid other) {
  links_[one].insert(other);
  links_[other].insert(one);
}

void Relations::unlink(Pid one, Pid other) {
  remove_from(links_, one, other);
  remove_from(links_, other, one);
}

void Relations::monitor(std::uint64_t number, Monitor monitor) {
  by_target_[monitor.target].insert(number);
  by_watcher_[monitor.watcher].insert(number);
  monitors_.emplace(number, std::move(monitor));
}

std::optional<Pid> Relations::demonitor(std::uint64_t number, Pid watcher) {
  const auto found = monitors_.find(number);
  if (found == monitors_.end() || found->second.watcher != watcher) return std::nullopt;
  const Pid target = found->second.target;
  forget_monitor(number);
  return target;
}

void Relations::forget_monitor(std::uint64_t number) {
  const auto found = monitors_.find(number);
  remove_from(by_target_, found->second.target, number);
  remove_from(by_watcher_, found->second.watcher, number);
  monitors_.erase(found);
}

Survivors Relations::remove(Pid dead) {
  Survivors survivors;
  for (const Pid other : take_set(links_, dead)) {
    survivors.linked.push_back(other);
    survivors.no_longer_watched.push_back(other);
    remove_from(links_, other, dead);
  }
  for (const std::uint64_t number : take_set(by_target_, dead)) {
    survivors.monitors.push_back(monitors_.at(number));
    forget_monitor(number);
  }
  for (const std::uint64_t number : take_set(by_watcher_, dead)) {
    // It may have monitored itself: then the loop above has forgotten it.
    if (!monitors_.contains(number)) continue;
    survivors.no_longer_watched.push_back(monitors_.at(number).target);
    forget_monitor(number);
  }
  return survivors;
}

bool Relations::concern(Pid pid) const { return links_.contains(pid) || by_target_.contains(pid); }

}  // namespace heirloom::process
