// SPDX-License-Identifier: Apache-2.0
//
// One table of speed: nanoseconds for each operation on records {int64, int64, 32 bytes} in random order, beside what one
// would pick instead, in one run. Each figure is the median of the rounds. Figures of ETS come from ets_speed.escript, which
// does the same in Erlang. See README.md for what the numbers mean.
//
//   heirloom_speed [RECORDS] [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <tbb/concurrent_hash_map.h>

#include "heirloom/heirloom.hpp"

#include "directory.hpp"
#include "lmdb_table.hpp"
#include "measure.hpp"

namespace heirloom::bench {
namespace {

volatile std::int64_t sink;

struct NotMeasured {};

// What is measured of each kind of table: functions of a key, of a key and a value, of nothing. Compiled for each kind, since
// a call that the compiler cannot see through costs a table more that overlaps one lookup with the next.
template <typename Insert, typename Lookup, typename Count = NotMeasured, typename Erase = NotMeasured,
          typename BytesARecord = NotMeasured>
struct Subject {
  std::string name;
  Insert insert;
  Lookup lookup;
  Count count = {};
  Erase erase = {};
  BytesARecord bytes_a_record = {};
};

template <typename Function>
constexpr bool kMeasured = !std::is_same_v<Function, NotMeasured>;

template <typename Operation>
double nanoseconds_each(const std::vector<std::int64_t>& keys, Operation operation) {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::int64_t key : keys) operation(key);
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(keys.size());
}

template <typename Insert, typename Lookup, typename Count, typename Erase, typename BytesARecord>
void report(const Subject<Insert, Lookup, Count, Erase, BytesARecord>& subject, std::int64_t records, int rounds) {
  std::mt19937_64 random(42);
  std::vector<std::int64_t> keys = shuffled(records, 42);
  std::vector<std::int64_t> absent = keys;
  for (std::int64_t& key : absent) key += records;

  const double insert = nanoseconds_each(keys, [&](std::int64_t key) { subject.insert(key, key); });
  double bytes = 0;
  if constexpr (kMeasured<BytesARecord>) bytes = subject.bytes_a_record();
  std::vector<double> hit;
  std::vector<double> miss;
  std::vector<double> overwrite;
  std::vector<double> count;
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(keys.begin(), keys.end(), random);
    hit.push_back(nanoseconds_each(keys, [&](std::int64_t key) { sink = subject.lookup(key); }));
    miss.push_back(nanoseconds_each(absent, [&](std::int64_t key) { sink = subject.lookup(key); }));
    overwrite.push_back(nanoseconds_each(keys, [&](std::int64_t key) { subject.insert(key, key + round); }));
    if constexpr (kMeasured<Count>) {
      count.push_back(nanoseconds_each(keys, [&](std::int64_t key) { subject.count(key); }));
    }
  }
  double erase = 0;
  if constexpr (kMeasured<Erase>) erase = nanoseconds_each(keys, [&](std::int64_t key) { subject.erase(key); });
  std::printf("%-30s %8.0f %8.0f %8.0f %10.0f %8.0f %8.0f %10.1f\n", subject.name.c_str(), median(hit), median(miss),
              insert, median(overwrite), count.empty() ? 0 : median(count), erase, bytes);
  std::fflush(stdout);
}

void heirloom_rows(const std::string& directory, TableType type, std::int64_t records, int rounds) {
  Node node = Node::open(directory + "/node");
  Table table = node.open_or_create(Atom("speed"), {.type = type, .protection = Protection::public_access});
  report(Subject{.name = "heirloom " + std::string(to_string(type)),
                 .insert =
                     [&](std::int64_t key, std::int64_t value) {
                       table.insert({key, value, std::string_view(kText, 32)});
                     },
                 .lookup = [&](std::int64_t key) { return !table.lookup(key).empty(); },
                 .count = [&](std::int64_t key) { table.update_counter(key, 1); },
                 .erase = [&](std::int64_t key) { table.erase(key); },
                 .bytes_a_record =
                     [&] {
                       const TableInfo info = table.info();
                       return static_cast<double>(info.memory_bytes) / static_cast<double>(info.size);
                     }},
         records, rounds);
  table.drop();
}

template <typename Map, typename BytesARecord>
void map_rows(const std::string& name, std::int64_t records, int rounds, BytesARecord bytes_a_record) {
  Map map;
  const auto bytes = [&] { return bytes_a_record(map); };
  report(Subject{.name = name,
                 .insert = [&](std::int64_t key, std::int64_t value) { map[key] = record_of(key, value); },
                 .lookup =
                     [&](std::int64_t key) {
                       const auto found = map.find(key);
                       if (found == map.end()) return false;
                       const Record copy = found->second;
                       sink = copy.value;
                       return true;
                     },
                 .count = [&](std::int64_t key) { ++map.find(key)->second.value; },
                 .erase = [&](std::int64_t key) { map.erase(key); },
                 .bytes_a_record = bytes},
         records, rounds);
}

void absl_hash_rows(std::int64_t records, int rounds) {
  using Map = absl::flat_hash_map<std::int64_t, Record>;
  map_rows<Map>("absl::flat_hash_map, no lock", records, rounds, [](const Map& map) {
    return static_cast<double>(map.capacity() * (sizeof(Record) + 8 + 1)) / static_cast<double>(map.size());
  });
}

void absl_tree_rows(std::int64_t records, int rounds) {
  // Not asked: a container does not tell how full its nodes are.
  map_rows<absl::btree_map<std::int64_t, Record>>("absl::btree_map, no lock", records, rounds,
                                                  [](const auto&) { return 0.0; });
}

void tbb_rows(std::int64_t records, int rounds) {
  using Map = tbb::concurrent_hash_map<std::int64_t, Record>;
  Map map;
  report(Subject{.name = "tbb::concurrent_hash_map",
                 .insert =
                     [&](std::int64_t key, std::int64_t value) {
                       Map::accessor place;
                       map.insert(place, key);
                       place->second = record_of(key, value);
                     },
                 .lookup =
                     [&](std::int64_t key) {
                       Map::const_accessor found;
                       if (!map.find(found, key)) return false;
                       const Record copy = found->second;
                       sink = copy.value;
                       return true;
                     },
                 .count =
                     [&](std::int64_t key) {
                       Map::accessor found;
                       if (map.find(found, key)) ++found->second.value;
                     },
                 .erase = [&](std::int64_t key) { map.erase(key); }},
         records, rounds);
}

void lmdb_rows(const std::string& directory, std::int64_t records, int rounds) {
  std::filesystem::create_directory(directory + "/lmdb");
  LmdbTable table(directory + "/lmdb");
  report(Subject{.name = "LMDB, no sync",
                 .insert = [&](std::int64_t key, std::int64_t value) { table.insert(record_of(key, value)); },
                 .lookup =
                     [&](std::int64_t key) {
                       Record record;
                       return table.lookup(key, record);
                     }},
         records, rounds);
}

}  // namespace
}  // namespace heirloom::bench

int main(int argc, char** argv) {
  using namespace heirloom::bench;
  const std::int64_t records = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  std::printf("%lld records {int64, int64, 32 bytes}, random order, ns an operation, median of %d rounds\n",
              static_cast<long long>(records), rounds);
  std::printf("%-30s %8s %8s %8s %10s %8s %8s %10s\n", "", "lookup", "miss", "insert", "overwrite", "counter", "delete",
              "bytes/rec");
  try {
    const Directory directory;
    absl_hash_rows(records, rounds);
    heirloom_rows(directory, heirloom::TableType::set, records, rounds);
    tbb_rows(records, rounds);
    absl_tree_rows(records, rounds);
    heirloom_rows(directory, heirloom::TableType::ordered_set, records, rounds);
    lmdb_rows(directory, records, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heirloom_speed: %s\n", error.what());
    return 1;
  }
  return 0;
}
