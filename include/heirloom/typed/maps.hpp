// SPDX-License-Identifier: Apache-2.0
//
// std::map and std::unordered_map: maps.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "heirloom/typed/codec.hpp"
#include "heirloom/typed/writer.hpp"

namespace heirloom::typed {

// Keys whose `<` is the order of the keys of an Erlang map. Others are compared as terms.
template <typename Key>
concept OrderedAsTerms = std::integral<Key> || std::floating_point<Key> || std::same_as<Key, std::string> ||
    std::same_as<Key, std::string_view> || std::same_as<Key, Atom> || std::same_as<Key, Pid>;

template <typename Map>
inline constexpr bool kWalksInOrder = false;
template <OrderedAsTerms Key, typename Value, typename Allocator>
inline constexpr bool kWalksInOrder<std::map<Key, Value, std::less<Key>, Allocator>> = true;
template <OrderedAsTerms Key, typename Value, typename Allocator>
inline constexpr bool kWalksInOrder<std::map<Key, Value, std::less<>, Allocator>> = true;

template <typename Map>
struct MapCodec : CodecOf<typename Map::key_type, typename Map::mapped_type> {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;

  template <typename Sink>
  static void put(Sink& sink, const Map& map) {
    sink.open_map(map.size());
    if constexpr (!Sink::kWrites || kWalksInOrder<Map>) {
      for (const auto& pair : map) Codec<Key>::put(sink, pair.first);
      for (const auto& pair : map) Codec<Value>::put(sink, pair.second);
    } else {
      put_sorted(sink, map);
    }
    sink.close();
  }

  static bool read(Reading& reading, const TermView& view, Map& into) {
    Elements keys;
    Elements values;
    if (!read_map(view, keys, values)) return reading.refuse(view, expected);
    Descent descent(reading);
    if (descent.too_deep()) return descent.refuse(view);
    into.clear();
    for (std::size_t i = 0; i < keys.size; ++i) {
      if (!read_pair(reading, keys[i], values[i], into)) return false;
    }
    return true;
  }

  static bool resembles(const TermView& view) noexcept { return view.is_map(); }

  static std::string expected() { return "a map"; }

 private:
  using Pair = typename Map::value_type;

  static void put_sorted(Writer& writer, const Map& map) {
    std::vector<const Pair*> pairs;
    pairs.reserve(map.size());
    for (const Pair& pair : map) pairs.push_back(&pair);
    if constexpr (OrderedAsTerms<Key>) {
      std::sort(pairs.begin(), pairs.end(), [](const Pair* a, const Pair* b) { return a->first < b->first; });
      for (const Pair* pair : pairs) Codec<Key>::put(writer, pair->first);
      for (const Pair* pair : pairs) Codec<Value>::put(writer, pair->second);
    } else {
      std::vector<Term> keys;
      keys.reserve(pairs.size());
      for (const Pair* pair : pairs) keys.push_back(term_of<Key>(pair->first));
      const std::vector<std::size_t> order = order_of_keys(keys);
      for (const std::size_t index : order) writer.term(keys[index]);
      for (const std::size_t index : order) Codec<Value>::put(writer, pairs[index]->second);
    }
  }

  static bool read_pair(Reading& reading, const TermView& key_view, const TermView& value_view, Map& map) {
    Slot<Key> key;
    if (!key.read(reading, key_view)) return reading.at([&] { return "[key " + text_of(key_view) + ']'; });
    Slot<Value> value;
    if (!value.read(reading, value_view)) return reading.at([&] { return '[' + text_of(key_view) + ']'; });
    const std::size_t size = map.size();
    map.emplace_hint(map.end(), key.take(), value.take());
    return map.size() != size ||
           reading.refuse(key_view, [] { return "a key that differs from the others once it is read"; });
  }
};

template <typename Key, typename Value, typename Compare, typename Allocator>
struct Codec<std::map<Key, Value, Compare, Allocator>> : MapCodec<std::map<Key, Value, Compare, Allocator>> {};

template <typename Key, typename Value, typename Hash, typename Equal, typename Allocator>
struct Codec<std::unordered_map<Key, Value, Hash, Equal, Allocator>>
    : MapCodec<std::unordered_map<Key, Value, Hash, Equal, Allocator>> {};

}  // namespace heirloom::typed
