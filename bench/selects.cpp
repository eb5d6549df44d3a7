// SPDX-License-Identifier: Apache-2.0
//
// select with a guard over many records, all matches in a vector or one by one, beside the loop that one would write by hand:
// nanoseconds a record that was looked at, the median of the rounds. Figures of ETS come from ets_selects.escript.
//
//   heirloom_selects [RECORDS] [ROUNDS]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "heirloom/heirloom.hpp"

#include "directory.hpp"
#include "measure.hpp"

namespace heirloom::bench {
namespace {

volatile std::uint64_t sink;

double nanoseconds(std::int64_t records, int rounds, const std::function<std::uint64_t()>& operation) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    sink = operation();
    const auto taken = std::chrono::steady_clock::now() - begin;
    times.push_back(std::chrono::duration<double, std::nano>(taken).count() / static_cast<double>(records));
  }
  return median(times);
}

// What is asked: the keys of records whose value is below this part of them; how many there are; and the records.
struct Questions {
  std::function<std::uint64_t(std::int64_t below)> keys;
  std::function<std::uint64_t(std::int64_t below)> count;
  std::function<std::uint64_t(std::int64_t below)> whole;
};

void report(const std::string& name, std::int64_t records, int rounds, const Questions& questions) {
  const std::int64_t few = records / 100;
  const std::int64_t half = records / 2;
  std::printf("%-34s %10.1f %10.1f %10.1f %10.1f\n", name.c_str(),
              nanoseconds(records, rounds, [&] { return questions.keys(few); }),
              nanoseconds(records, rounds, [&] { return questions.keys(half); }),
              nanoseconds(records, rounds, [&] { return questions.whole(half); }),
              nanoseconds(records, rounds, [&] { return questions.count(half); }));
  std::fflush(stdout);
}

// [{{'$1','$2','_'},[{'<','$2',Below}],[Body]}]
MatchSpec spec_of(std::int64_t below, const char* body) {
  return MatchSpec(parse("[{{'$1','$2','_'},[{'<','$2'," + std::to_string(below) + "}],[" + body + "]}]"));
}

void heirloom_rows(const std::string& directory, TableOptions options, const std::string& name, std::int64_t records,
                   int rounds) {
  Node node = Node::open(directory + "/node");
  options.protection = Protection::public_access;
  Table table = node.create(Atom("selects"), options);
  for (const std::int64_t key : shuffled(records, 42)) table.insert({key, key, kText});
  report(name + ", select", records, rounds,
         {.keys = [&](std::int64_t below) { return table.select(spec_of(below, "'$1'")).size(); },
          .count = [&](std::int64_t below) { return table.select_count(spec_of(below, "true")); },
          .whole = [&](std::int64_t below) { return table.select(spec_of(below, "'$_'")).size(); }});
  const auto one_by_one = [&](const MatchSpec& spec) {
    std::uint64_t count = 0;
    for (const Term& match : table.each(spec, 1000)) {
      sink = match.block().size();
      ++count;
    }
    return count;
  };
  report(name + ", each", records, rounds,
         {.keys = [&](std::int64_t below) { return one_by_one(spec_of(below, "'$1'")); },
          .count = [&](std::int64_t below) { return one_by_one(spec_of(below, "true")); },
          .whole = [&](std::int64_t below) { return one_by_one(spec_of(below, "'$_'")); }});
  const auto loop = [&](std::int64_t below, const auto& make) {
    std::vector<Term> found;
    for (const Term& object : table) {
      if (object.element(2).as_int64() < below) found.push_back(make(object));
    }
    return found.size();
  };
  report(
      name + ", for (object : table)", records, rounds,
      {.keys =
           [&](std::int64_t below) { return loop(below, [](const Term& object) { return Term(object.element(1)); }); },
       .count =
           [&](std::int64_t below) {
             std::uint64_t count = 0;
             for (const Term& object : table) count += object.element(2).as_int64() < below ? 1 : 0;
             return count;
           },
       .whole = [&](std::int64_t below) { return loop(below, [](const Term& object) { return object; }); }});
  table.drop();
}

void absl_rows(std::int64_t records, int rounds) {
  absl::flat_hash_map<std::int64_t, Record> map;
  for (const std::int64_t key : shuffled(records, 42)) map[key] = record_of(key, key);
  const auto loop = [&](std::int64_t below, auto found, const auto& make) {
    for (const auto& [key, record] : map) {
      if (record.value < below) found.push_back(make(record));
    }
    return found.size();
  };
  report("absl::flat_hash_map, a loop", records, rounds,
         {.keys =
              [&](std::int64_t below) {
                return loop(below, std::vector<std::int64_t>(), [](const Record& record) { return record.key; });
              },
          .count =
              [&](std::int64_t below) {
                std::uint64_t count = 0;
                for (const auto& [key, record] : map) count += record.value < below ? 1 : 0;
                return count;
              },
          .whole =
              [&](std::int64_t below) {
                return loop(below, std::vector<Record>(), [](const Record& record) { return record; });
              }});
}

}  // namespace
}  // namespace heirloom::bench

int main(int argc, char** argv) {
  using namespace heirloom;
  using namespace heirloom::bench;
  const std::int64_t records = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  std::printf(
      "%lld records {int64, int64, 32 bytes}, those whose value is below a bound, ns a record looked at, median of %d "
      "rounds\n",
      static_cast<long long>(records), rounds);
  std::printf("%-34s %10s %10s %10s %10s\n", "", "1% keys", "50% keys", "50% whole", "50% count");
  try {
    const Directory directory;
    absl_rows(records, rounds);
    heirloom_rows(directory, {.type = TableType::set}, "heirloom set", records, rounds);
    heirloom_rows(directory, {.type = TableType::ordered_set}, "heirloom ordered_set", records, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heirloom_selects: %s\n", error.what());
    return 1;
  }
  return 0;
}
