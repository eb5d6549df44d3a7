// SPDX-License-Identifier: Apache-2.0
//
// Several records in one insert, which readers see all at once: nanoseconds a record, by how many there are in a call. Into an empty table,
// half of all records in one call; then records that are there, the median of the rounds. Figures of ETS come from ets_batches.escript.
//
//   heirloom_batches [RECORDS] [ROUNDS]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "heirloom/heirloom.hpp"

#include "directory.hpp"
#include "lmdb_table.hpp"
#include "measure.hpp"

namespace heirloom::bench {
namespace {

constexpr std::size_t kBatches[] = {1, 10, 100, 1000};

using Keys = std::span<const std::int64_t>;
using Insert = std::function<void(Keys)>;  // in one call

double nanoseconds(Keys keys, std::size_t batch, const Insert& insert) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t at = 0; at < keys.size(); at += batch) insert(keys.subspan(at, std::min(batch, keys.size() - at)));
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(keys.size());
}

void report(const std::string& name, std::int64_t records, int rounds, const Insert& insert) {
  const std::vector<std::int64_t> keys = shuffled(records, 42);
  const Keys half = Keys(keys).first(keys.size() / 2);
  std::printf("%-34s %10.1f", name.c_str(), nanoseconds(half, half.size(), insert));
  nanoseconds(Keys(keys).subspan(half.size()), 1, insert);
  for (const std::size_t batch : kBatches) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) times.push_back(nanoseconds(keys, batch, insert));
    std::printf(" %10.1f", median(times));
  }
  std::printf("\n");
  std::fflush(stdout);
}

void heirloom_row(const std::string& directory, TableOptions options, const std::string& name, std::int64_t records,
                  int rounds) {
  Node node = Node::open(directory + "/node");
  options.protection = Protection::public_access;
  Table table = node.create(Atom("batches"), options);
  std::vector<Term> objects;
  report(name, records, rounds, [&](Keys keys) {
    objects.clear();
    for (const std::int64_t key : keys) objects.push_back({key, key, kText});
    table.insert(objects);
  });
  table.drop();
}

}  // namespace
}  // namespace heirloom::bench

int main(int argc, char** argv) {
  using namespace heirloom;
  using namespace heirloom::bench;
  const std::int64_t records = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  std::printf("%lld records {int64, int64, 32 bytes}, several in a call, ns a record, median of %d rounds\n",
              static_cast<long long>(records), rounds);
  std::printf("%-34s %10s %10s %10s %10s %10s\n", "", "fill", "1", "10", "100", "1000");
  try {
    const Directory directory;
    heirloom_row(directory, {.type = TableType::set}, "heirloom set", records, rounds);
    heirloom_row(directory, {.type = TableType::ordered_set}, "heirloom ordered_set", records, rounds);
    std::filesystem::create_directory(static_cast<const std::string&>(directory) + "/lmdb");
    LmdbTable lmdb(static_cast<const std::string&>(directory) + "/lmdb");
    std::vector<Record> batch;
    report("LMDB, no sync", records, rounds, [&](Keys keys) {
      batch.clear();
      for (const std::int64_t key : keys) batch.push_back(record_of(key, key));
      lmdb.insert(batch);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heirloom_batches: %s\n", error.what());
    return 1;
  }
  return 0;
}
