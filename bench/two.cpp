// SPDX-License-Identifier: Apache-2.0
//
// How much more two processes do than one, on one table and at the same time: the rate of both together against that of one alone,
// looking up and overwriting records in random order. 2.00 is twice as much. Maps of one process have two threads instead. Each
// figure is the median of the rounds; one alone and two at once take turns. Those of ETS come from ets_speed.escript.
//
//   heirloom_two [RECORDS] [ROUNDS]
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <tbb/concurrent_hash_map.h>

#include "heirloom/heirloom.hpp"

#include "directory.hpp"
#include "lmdb_table.hpp"
#include "measure.hpp"

namespace heirloom::bench {
namespace {

volatile std::int64_t sink;

// What a worker does with all keys: `writing` or reading.
using Work = std::function<void(const std::vector<std::int64_t>& keys, bool writing)>;
// Opens the table in a worker.
using Open = std::function<Work()>;

// A turn of a worker: it begins when `turn` is its own, and says when it is done.
struct Turns {
  std::atomic<int> turn;  // counts up; even ones are for both workers
  std::atomic<int> writing;
  std::atomic<int> ready;
  std::atomic<int> done;
  std::atomic<int> over;
};

void take_turns(Turns& turns, int worker, std::int64_t records, const Open& open) {
  const Work work = open();
  const std::vector<std::int64_t> keys = shuffled(records, static_cast<std::uint64_t>(worker) + 1);
  work(keys, false);  // everything is mapped, and warm
  int seen = 0;
  turns.ready.fetch_add(1);
  for (;;) {
    while (turns.turn.load() == seen && turns.over.load() == 0) std::this_thread::yield();
    if (turns.over.load() != 0) return;
    seen = turns.turn.load();
    if (worker == 0 || seen % 2 == 0) work(keys, turns.writing.load() != 0);
    turns.done.fetch_add(1);
  }
}

double seconds_of_a_turn(Turns& turns, bool writing) {
  turns.writing.store(writing ? 1 : 0);
  turns.done.store(0);
  const auto begin = std::chrono::steady_clock::now();
  turns.turn.fetch_add(1);
  while (turns.done.load() < 2) std::this_thread::sleep_for(std::chrono::microseconds(100));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void report(const std::string& name, Turns& turns, int rounds) {
  while (turns.ready.load() < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::vector<double> rates[2];
  for (int round = 0; round < rounds; ++round) {
    for (const bool writing : {false, true}) {
      const double alone = seconds_of_a_turn(turns, writing);  // odd turns
      rates[writing ? 1 : 0].push_back(2 * alone / seconds_of_a_turn(turns, writing));
    }
  }
  turns.over.store(1);
  std::printf("%-40s %8.2f %8.2f\n", name.c_str(), median(rates[0]), median(rates[1]));
  std::fflush(stdout);
}

Turns& shared_turns() {
  void* const page = ::mmap(nullptr, sizeof(Turns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::exit(1);
  return *static_cast<Turns*>(page);
}

// `fill` makes the table, in a process of its own that stays until all is over.
void processes(const std::string& name, std::int64_t records, int rounds, const std::function<void(Turns&)>& fill,
               const Open& open) {
  std::fflush(nullptr);
  Turns& turns = shared_turns();
  std::vector<pid_t> children;
  const auto start = [&](const std::function<void()>& work) {
    children.push_back(::fork());
    if (children.back() != 0) return;
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "heirloom_two: %s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  };
  turns.ready.store(-1);
  start([&] { fill(turns); });
  while (turns.ready.load() < 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (const int worker : {0, 1}) start([&turns, worker, records, &open] { take_turns(turns, worker, records, open); });
  report(name, turns, rounds);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
}

void threads(const std::string& name, std::int64_t records, int rounds, const Open& open) {
  Turns& turns = shared_turns();
  std::vector<std::thread> workers;
  for (const int worker : {0, 1}) {
    workers.emplace_back([&turns, worker, records, &open] { take_turns(turns, worker, records, open); });
  }
  report(name, turns, rounds);
  for (std::thread& worker : workers) worker.join();
}

void heirloom_rows(const std::string& directory, const TableOptions& options, const std::string& name,
                   std::int64_t records, int rounds) {
  const std::string node = directory + "/" + name;
  processes(
      name, records, rounds,
      [&](Turns& turns) {
        Node mine = Node::open(node);
        Table table = mine.create(Atom("two"), options);
        for (const std::int64_t key : shuffled(records, 42)) table.insert({key, key, kText});
        turns.ready.store(0);
        while (turns.over.load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
      [&]() -> Work {
        const Node mine = Node::open(node, {.role = NodeRole::client});
        return [table = mine.open_table(Atom("two"))](const std::vector<std::int64_t>& keys, bool writing) mutable {
          for (const std::int64_t key : keys) {
            if (writing) {
              table.insert({key, key + 1, kText});
            } else {
              sink = !table.lookup(key).empty();
            }
          }
        };
      });
}

// What one would write by hand: as many maps as a table with write_concurrency has stripes, each with a mutex.
class ShardedMap {
 public:
  bool lookup(std::int64_t key, Record& record) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.map.find(key);
    if (found != shard.map.end()) record = found->second;
    return found != shard.map.end();
  }
  void insert(const Record& record) {
    Shard& shard = shard_of(record.key);
    const std::lock_guard lock(shard.mutex);
    shard.map[record.key] = record;
  }

 private:
  struct alignas(64) Shard {
    std::mutex mutex;
    absl::flat_hash_map<std::int64_t, Record> map;
  };
  Shard& shard_of(std::int64_t key) { return shards_[absl::Hash<std::int64_t>()(key) >> 58]; }
  std::array<Shard, 64> shards_;
};

void sharded_rows(std::int64_t records, int rounds) {
  ShardedMap map;
  for (const std::int64_t key : shuffled(records, 42)) map.insert(record_of(key, key));
  threads("64 absl::flat_hash_map with mutexes", records, rounds, [&]() -> Work {
    return [&](const std::vector<std::int64_t>& keys, bool writing) {
      for (const std::int64_t key : keys) {
        Record record;
        if (writing) {
          map.insert(record_of(key, key + 1));
        } else if (map.lookup(key, record)) {
          sink = record.value;
        }
      }
    };
  });
}

void tbb_rows(std::int64_t records, int rounds) {
  using Map = tbb::concurrent_hash_map<std::int64_t, Record>;
  Map map;
  for (const std::int64_t key : shuffled(records, 42)) map.insert({key, record_of(key, key)});
  threads("tbb::concurrent_hash_map", records, rounds, [&]() -> Work {
    return [&](const std::vector<std::int64_t>& keys, bool writing) {
      for (const std::int64_t key : keys) {
        if (writing) {
          Map::accessor place;
          map.insert(place, key);
          place->second = record_of(key, key + 1);
        } else if (Map::const_accessor found; map.find(found, key)) {
          const Record copy = found->second;
          sink = copy.value;
        }
      }
    };
  });
}

void lmdb_rows(const std::string& directory, std::int64_t records, int rounds) {
  const std::string path = directory + "/lmdb";
  std::filesystem::create_directory(path);
  processes(
      "LMDB, no sync", records, rounds,
      [&](Turns& turns) {
        LmdbTable table(path);
        for (const std::int64_t key : shuffled(records, 42)) table.insert(record_of(key, key));
        turns.ready.store(0);
        while (turns.over.load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
      [&]() -> Work {
        return [table = std::make_shared<LmdbTable>(path)](const std::vector<std::int64_t>& keys, bool writing) {
          for (const std::int64_t key : keys) {
            Record record;
            if (writing) {
              table->insert(record_of(key, key + 1));
            } else if (table->lookup(key, record)) {
              sink = record.value;
            }
          }
        };
      });
}

}  // namespace
}  // namespace heirloom::bench

int main(int argc, char** argv) {
  using namespace heirloom;
  using namespace heirloom::bench;
  const std::int64_t records = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  std::printf("%lld records, two at once against one alone, median of %d rounds\n", static_cast<long long>(records),
              rounds);
  std::printf("%-40s %8s %8s\n", "", "read", "write");
  const Directory directory;
  const TableOptions set{.protection = Protection::public_access};
  TableOptions concurrent = set;
  concurrent.write_concurrency = WriteConcurrency::on;
  TableOptions ordered = set;
  ordered.type = TableType::ordered_set;
  // Processes first: they are forked, and threads would be missing in them.
  heirloom_rows(directory, set, "heirloom set", records, rounds);
  heirloom_rows(directory, concurrent, "heirloom set, write_concurrency", records, rounds);
  heirloom_rows(directory, ordered, "heirloom ordered_set", records, rounds);
  lmdb_rows(directory, records, rounds);
  sharded_rows(records, rounds);
  tbb_rows(records, rounds);
  return 0;
}
