// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "live_node.hpp"
#include "term/hash.hpp"

namespace heirloom::crash {

namespace {

void append(std::string& text, const Term& object) {
  if (!text.empty()) text += kBetweenObjects;
  text += to_string(object);
}

std::string text_of(const Objects& objects) {
  std::string text;
  for (const Term& object : objects) append(text, object);
  return text;
}

constexpr std::size_t kTraversedMax = 300;  // first and next look up each key: enough on small tables

}  // namespace

std::vector<Term> objects_of(const std::string& text) {
  std::vector<Term> objects;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(kBetweenObjects, from), text.size());
    objects.push_back(parse(text.substr(from, end - from)));
    from = end + kBetweenObjects.size();
  }
  return objects;
}

std::size_t objects_in(const State& state) {
  std::size_t count = 0;
  for (const auto& [key, text] : state) count += objects_of(text).size();
  return count;
}

void create_table(int directory, std::uint64_t max_bytes, TableType type, bool compressed) {
  table::SegmentOptions options{.id = "1", .name = Atom("test")};
  options.protection = Protection::public_access;
  options.max_bytes = max_bytes;
  options.type = type;
  options.compressed = compressed;
  table::Table::create_file(directory, kSegmentFile, options).value_or_raise();
  const auto segment = shm::Segment::open(directory, kSegmentFile).value_or_raise();
  auto& header = *reinterpret_cast<table::TableHeader*>(segment->header().table);
  header.seed = kSeed;
  header.checksum = table::checksum_of(header);
}

std::vector<std::int64_t> keys_of(std::uint32_t stripe, std::size_t count, std::int64_t from, std::uint64_t bucket,
                                  std::uint64_t mask) {
  std::vector<std::int64_t> keys;
  for (std::int64_t key = from; keys.size() < count; ++key) {
    const std::uint64_t hash = term::hash(Term(key), kSeed);
    if (hash >> 61 == stripe && (hash & mask) == bucket) keys.push_back(key);
  }
  return keys;
}
static_assert(kStripes == std::uint64_t{1} << (64 - 61));

Session::Session(int directory)
    : attachment_(shm::Attachment::attach(directory, true).value_or_raise()),
      segment_(shm::Segment::open(directory, kSegmentFile).value_or_raise()) {
  attachment_.process->hold_program_life();
  table_ = table::Table::open(directory, kSegmentFile, attachment_).value_or_raise();
  // A death is no damage, and whoever takes it for such would set the table aside.
  table_->set_aside_when_damaged([](const std::string& what) {
    std::fprintf(stderr, "taken for damaged: %s\n", what.c_str());
    std::abort();
  });
}

void Session::insert(const Term& object, int times) {
  for (int i = 0; i < times; ++i) table_->insert(kCaller, {&object, 1});
}

void Session::insert_many(std::span<const Term> objects) { table_->insert(kCaller, objects); }
bool Session::insert_new(const Term& object) { return table_->insert_new(kCaller, {&object, 1}); }
void Session::erase(const Term& key) { table_->take(kCaller, key, false); }

void Session::settle_in() {
  for (std::uint32_t number = 1; number <= attachment_.process->number(); ++number) attachment_.peers->dead(number);
  static_cast<void>(table_->tab2list(kCaller));
}

Observation observe(const table::Table& table, const std::vector<std::string>& other_keys) {
  Observation seen;
  const auto fault = [&](const std::string& what) { seen.faults.push_back(what); };
  std::string last;
  for (const Term& object : table.tab2list(kCaller)) {
    const std::string key = to_string(object.element(1));
    if (seen.state.contains(key) && (!is_bag(table.options().type) || last != key))
      fault("tab2list has the key " + key + " twice");
    append(seen.state[last = key], object);
  }
  if (seen.state.size() <= kTraversedMax) {
    std::size_t keys = 0;
    for (auto key = table.first(kCaller); key && keys <= kTraversedMax; key = table.next(kCaller, *key)) {
      ++keys;
      if (!seen.state.contains(to_string(*key))) fault("next finds a key that tab2list has not: " + to_string(*key));
    }
    if (keys != seen.state.size()) {
      fault("first and next find " + std::to_string(keys) + " keys, tab2list " + std::to_string(seen.state.size()));
    }
  }
  for (const auto& [key, object] : seen.state) {
    const std::string found = text_of(table.lookup(kCaller, parse(key)));
    if (found != object) fault("lookup of " + key + " finds " + found + ", tab2list " + object);
  }
  // In an ordered_set, a key that is equal is the same.
  const auto before = [](const Term& left, const Term& right) { return compare(left, right) < 0; };
  std::set<Term, decltype(before)> ordered(before);
  if (table.options().type == TableType::ordered_set) {
    for (const auto& each : seen.state) ordered.insert(parse(each.first));
  }
  const auto there = [&](const std::string& key) { return seen.state.contains(key) || ordered.contains(parse(key)); };
  for (const std::string& key : other_keys) {
    if (!there(key) && table.member(kCaller, parse(key))) fault("lookup finds " + key + ", tab2list does not");
  }
  seen.size = table.size();
  return seen;
}

}  // namespace heirloom::crash
