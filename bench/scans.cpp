// SPDX-License-Identifier: Apache-2.0
//
// Reading many records one after another: nanoseconds a record, of all records, and of a hundred from a random key on where the table
// has an order. Each figure is the median of the rounds. Figures of ETS come from ets_speed.escript.
//
//   heirloom_scans [RECORDS] [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include "heirloom/heirloom.hpp"

#include "directory.hpp"
#include "lmdb_table.hpp"
#include "measure.hpp"

namespace heirloom::bench {
namespace {

constexpr std::size_t kPart = 100;
constexpr int kParts = 10'000;

volatile std::int64_t sink;

double nanoseconds(const std::function<std::int64_t()>& operation) {
  const auto begin = std::chrono::steady_clock::now();
  sink = operation();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

// `all` and `part` return how many records they have read; the latter from this key on.
void report(const std::string& name, std::int64_t records, int rounds, const std::function<std::int64_t()>& all,
            const std::function<std::int64_t(std::int64_t)>& part = {}) {
  std::mt19937_64 random(7);
  std::vector<double> whole;
  std::vector<double> parts;
  for (int round = 0; round < rounds; ++round) {
    whole.push_back(nanoseconds([&] {
                      if (const std::int64_t read = all(); read != records) {
                        std::fprintf(stderr, "%s: read %lld records\n", name.c_str(), static_cast<long long>(read));
                        std::exit(1);
                      }
                      return records;
                    }) /
                    static_cast<double>(records));
    if (!part) continue;
    std::int64_t read = 0;
    const double taken = nanoseconds([&] {
      for (int i = 0; i < kParts; ++i)
        read += part(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(records)));
      return read;
    });
    parts.push_back(taken / static_cast<double>(read));
  }
  std::printf("%-30s %8.1f %12s\n", name.c_str(), median(whole),
              part ? std::to_string(static_cast<int>(median(parts) + 0.5)).c_str() : "-");
  std::fflush(stdout);
}

void heirloom_rows(const std::string& directory, TableOptions options, const std::string& name, std::int64_t records,
                   int rounds) {
  Node node = Node::open(directory + "/node");
  options.protection = Protection::public_access;
  Table table = node.create(Atom("scans"), options);
  for (const std::int64_t key : shuffled(records, 42)) table.insert({key, key, kText});
  const auto all = [&] {
    std::int64_t read = 0;
    for (const Term& object : table) {
      sink = object.element(2).as_int64();
      ++read;
    }
    return read;
  };
  const auto part = [&](std::int64_t from) {
    std::int64_t read = 0;
    for (auto object = table.lower_bound(from); read < std::int64_t{kPart} && object != table.end(); ++object, ++read)
      sink = object->element(2).as_int64();
    return read;
  };
  if (options.type == TableType::ordered_set) {
    report(name, records, rounds, all, part);
  } else {
    report(name, records, rounds, all);
  }
  table.drop();
}

void absl_hash_rows(std::int64_t records, int rounds) {
  absl::flat_hash_map<std::int64_t, Record> map;
  for (const std::int64_t key : shuffled(records, 42)) map[key] = record_of(key, key);
  report("absl::flat_hash_map, no lock", records, rounds, [&] {
    std::int64_t read = 0;
    for (const auto& [key, record] : map) {
      const Record copy = record;
      sink = copy.value;
      ++read;
    }
    return read;
  });
}

void absl_tree_rows(std::int64_t records, int rounds) {
  absl::btree_map<std::int64_t, Record> map;
  for (const std::int64_t key : shuffled(records, 42)) map[key] = record_of(key, key);
  const auto read_from = [&](auto place, std::int64_t at_most) {
    std::int64_t read = 0;
    for (; place != map.end() && read < at_most; ++place, ++read) {
      const Record copy = place->second;
      sink = copy.value;
    }
    return read;
  };
  report(
      "absl::btree_map, no lock", records, rounds, [&] { return read_from(map.begin(), records); },
      [&](std::int64_t from) { return read_from(map.lower_bound(from), kPart); });
}

void lmdb_rows(const std::string& directory, std::int64_t records, int rounds) {
  std::filesystem::create_directory(directory + "/lmdb");
  LmdbTable table(directory + "/lmdb");
  for (const std::int64_t key : shuffled(records, 42)) table.insert(record_of(key, key));
  const auto look = [&](const Record& record) { sink = record.value; };
  report(
      "LMDB, no sync", records, rounds, [&] { return table.scan(0, records, look); },
      [&](std::int64_t from) { return table.scan(from, kPart, look); });
}

}  // namespace
}  // namespace heirloom::bench

int main(int argc, char** argv) {
  using namespace heirloom;
  using namespace heirloom::bench;
  const std::int64_t records = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  std::printf("%lld records {int64, int64, 32 bytes}, read one after another, ns a record, median of %d rounds\n",
              static_cast<long long>(records), rounds);
  std::printf("%-30s %8s %12s\n", "", "all", "100 of them");
  try {
    const Directory directory;
    absl_hash_rows(records, rounds);
    heirloom_rows(directory, {.type = TableType::set}, "heirloom set", records, rounds);
    heirloom_rows(directory, {.compressed = true}, "heirloom set, compressed", records, rounds);
    absl_tree_rows(records, rounds);
    heirloom_rows(directory, {.type = TableType::ordered_set}, "heirloom ordered_set", records, rounds);
    lmdb_rows(directory, records, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heirloom_scans: %s\n", error.what());
    return 1;
  }
  return 0;
}
