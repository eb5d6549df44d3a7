// SPDX-License-Identifier: Apache-2.0
//
// Several processes write to one table, are killed at random, hundreds of times, and started again; others read meanwhile.
//
// What would be noticed:
//   a lost or doubled write   each write that returned is counted in a page that its writer shares with the parent: the table
//                             has as many, or one more (the write under way at the death)
//   a torn object             each object carries a sum of its own elements
//   a torn insert of several  both objects of a pair carry the same stamp; read in the order in which a reader may not see an
//                             older second; when its writer starts again, equal. Accounts whose sum stays 0
//   a blocked process         the test hangs
//   lost memory               check(), and a bound on what the table has been given
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/table.hpp"
#include "table/table_fixture.hpp"
#include "workers.hpp"

namespace heirloom::stress {
namespace {

using ::testing::IsEmpty;

constexpr std::uint32_t kWriters = 4;
constexpr std::uint32_t kReaders = 2;
constexpr std::int64_t kKeysAWriter = 64;
constexpr std::int64_t kPairs = 16;
constexpr std::int64_t kAccounts = 16;
constexpr Pid kCaller{1, 0};

// Stamps that a writer's page holds: of the last write begun, and of the last that returned.
struct Journal {
  std::atomic<std::int64_t> stamp;
  std::atomic<std::int64_t> counted;
  std::atomic<std::int64_t> written[kKeysAWriter];
};

struct Shared {
  Journal journals[kWriters];
  std::atomic<std::uint64_t> writes;
  std::atomic<std::uint64_t> reads;
};

std::int64_t first_key(std::uint32_t writer) { return 1000 * (writer + 1); }
std::int64_t counter_key(std::uint32_t writer) { return -1 - static_cast<std::int64_t>(writer); }
std::int64_t pair_key(std::uint32_t writer, std::int64_t pair, bool second) {
  return 1'000'000 + (writer * kPairs + pair) * 2 + (second ? 1 : 0);
}

std::int64_t account_key(std::uint32_t writer, std::int64_t account) {
  return 2'000'000 + writer * kAccounts + account;
}

std::optional<Term> lookup(const table::Table& table, std::int64_t key) {
  return table.lookup(kCaller, Term(key)).one();
}

std::int64_t balance(const table::Table& table, std::uint32_t writer, std::int64_t account) {
  const auto found = lookup(table, account_key(writer, account));
  return found ? found->element(2).as_int64() : 0;
}

// Always 0 when nobody writes.
std::int64_t sum_of_accounts(const table::Table& table, std::uint32_t writer) {
  std::int64_t sum = 0;
  for (std::int64_t account = 0; account < kAccounts; ++account) sum += balance(table, writer, account);
  return sum;
}

// {key, stamp, text of a length that the stamp decides, sum of all that}
Term object(std::int64_t key, std::int64_t stamp) {
  const auto bytes = static_cast<std::size_t>((stamp * 37) % 300);
  return {key, stamp, std::string(bytes, static_cast<char>('a' + stamp % 26)), key * 31 + stamp * 17};
}

// The stamp of an object that is whole.
std::int64_t stamp_of(const Term& found) {
  const std::int64_t key = found.element(1).as_int64();
  const std::int64_t stamp = found.element(2).as_int64();
  if (found != object(key, stamp)) throw std::runtime_error("a torn object: " + to_string(found));
  return stamp;
}

class Writer {
 public:
  Writer(table::Table& table, Shared& shared, std::uint32_t number, std::uint64_t seed)
      : table_(table), shared_(shared), journal_(shared.journals[number]), number_(number), random_(seed) {}

  [[noreturn]] void work() {
    after_a_death();
    for (;;) {
      switch (random_() % 5) {
        case 0: count(); break;
        case 1: write_pair(); break;
        case 2: take_or_write(); break;
        case 3: transfer(); break;
        default: write();
      }
      shared_.writes.fetch_add(1, std::memory_order_relaxed);
    }
  }

 private:
  std::int64_t next_stamp() { return journal_.stamp.fetch_add(1) + 1; }

  // Of the predecessor's last write nobody knows whether it happened: the journal takes what the table says, if that can be.
  void after_a_death() {
    const std::int64_t begun = journal_.stamp.load();
    for (std::int64_t i = 0; i < kKeysAWriter; ++i) {
      const auto found = lookup(table_, first_key(number_) + i);
      const std::int64_t known = journal_.written[i].load();  // negative: was being taken
      const std::int64_t now = found ? stamp_of(*found) : 0;
      const bool possible = now == 0 ? known <= 0 : now == std::abs(known) || now == begun;
      if (!possible) {
        throw std::runtime_error("key " + std::to_string(first_key(number_) + i) + " has stamp " + std::to_string(now) +
                                 ", its last write that returned " + std::to_string(known));
      }
      journal_.written[i].store(now);
    }
    const auto counter = lookup(table_, counter_key(number_));
    const std::int64_t counted = counter ? counter->element(2).as_int64() : 0;
    const std::int64_t known = journal_.counted.load();
    if (counted != known && counted != known + 1) {
      throw std::runtime_error("counted " + std::to_string(known) + ", the table says " + std::to_string(counted));
    }
    journal_.counted.store(counted);
    for (std::int64_t pair = 0; pair < kPairs; ++pair) {
      const auto first = lookup(table_, pair_key(number_, pair, false));
      const auto second = lookup(table_, pair_key(number_, pair, true));
      if (first.has_value() != second.has_value() || (first && stamp_of(*first) != stamp_of(*second))) {
        throw std::runtime_error("half of a pair was written");
      }
    }
    if (sum_of_accounts(table_, number_) != 0) throw std::runtime_error("half of a transfer was made");
  }

  // Moves an amount from one account to another.
  void transfer() {
    const auto from = static_cast<std::int64_t>(random_() % kAccounts);
    const std::int64_t to = (from + 1) % kAccounts;
    const auto amount = static_cast<std::int64_t>(random_() % 100);
    const std::vector<Term> both{{account_key(number_, from), balance(table_, number_, from) - amount},
                                 {account_key(number_, to), balance(table_, number_, to) + amount}};
    table_.insert(kCaller, both);
  }

  void count() {
    const CounterUpdate update{.position = 2, .increment = 1};
    const Term fallback{0, 0};
    const Term sum = table_.update_counter(kCaller, counter_key(number_), {&update, 1}, &fallback)[0];
    if (sum.as_int64() != journal_.counted.load() + 1) throw std::runtime_error("a count is lost or doubled");
    journal_.counted.store(sum.as_int64());
  }

  void write_pair() {
    const auto pair = static_cast<std::int64_t>(random_() % kPairs);
    const std::int64_t stamp = next_stamp();
    const std::vector<Term> both{object(pair_key(number_, pair, false), stamp),
                                 object(pair_key(number_, pair, true), stamp)};
    table_.insert(kCaller, both);
  }

  void write() {
    const auto i = static_cast<std::int64_t>(random_() % kKeysAWriter);
    const std::int64_t stamp = next_stamp();
    const Term written = object(first_key(number_) + i, stamp);
    table_.insert(kCaller, {&written, 1});
    journal_.written[i].store(stamp);
  }

  void take_or_write() {
    const auto i = static_cast<std::int64_t>(random_() % kKeysAWriter);
    const std::int64_t known = journal_.written[i].load();
    if (known == 0) return write();
    journal_.written[i].store(-known);
    const auto taken = table_.take(kCaller, Term(first_key(number_) + i)).one();
    if (!taken || stamp_of(*taken) != known) throw std::runtime_error("a write that returned is lost");
    journal_.written[i].store(0);
  }

  table::Table& table_;
  Shared& shared_;
  Journal& journal_;
  std::uint32_t number_;
  std::mt19937_64 random_;
};

[[noreturn]] void read_for_ever(const table::Table& table, Shared& shared, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (;; shared.reads.fetch_add(1, std::memory_order_relaxed)) {
    const auto writer = static_cast<std::uint32_t>(random() % kWriters);
    const auto pair = static_cast<std::int64_t>(random() % kPairs);
    // What is read later is never older.
    const auto first = lookup(table, pair_key(writer, pair, false));
    const auto second = lookup(table, pair_key(writer, pair, true));
    if (first && (!second || stamp_of(*second) < stamp_of(*first)))
      throw std::runtime_error("the second of a pair is older");
    if (const auto found = lookup(table, first_key(writer) + static_cast<std::int64_t>(random() % kKeysAWriter))) {
      stamp_of(*found);
    }
    if (random() % 500 != 0) continue;
    std::vector<Term> keys;
    for (const Term& found : table.tab2list(kCaller)) {
      if (found.size() == 4) stamp_of(found);  // not a counter, not an account
      keys.push_back(Term(found.element(1)));
    }
    std::sort(keys.begin(), keys.end(), [](const Term& left, const Term& right) { return compare(left, right) < 0; });
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end())
      throw std::runtime_error("tab2list has a key twice");
  }
}

TEST(Stress, WritersAreKilledAndNothingIsLostDoubledOrTorn) {
  const std::uint64_t start_seed = seed();
  std::mt19937_64 random(start_seed);
  const table::TestNode node;
  node.create(table::public_table());
  auto* const shared =
      static_cast<Shared*>(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(shared, MAP_FAILED);

  Workers workers;
  workers.run(
      kWriters + kReaders, kWriters,
      [&](std::uint32_t number, std::uint32_t start) {
        const shm::Attachment attachment = node.attach();
        attachment.process->hold_program_life();
        const auto table = node.open("1", attachment);
        if (number >= kWriters) read_for_ever(*table, *shared, start_seed + start);
        Writer(*table, *shared, number, start_seed + start).work();
      },
      random, seconds());

  EXPECT_THAT(workers.failures(), IsEmpty());
  std::printf("%u kills, %llu writes, %llu reads\n", workers.kills(), static_cast<unsigned long long>(shared->writes),
              static_cast<unsigned long long>(shared->reads));
  const shm::Attachment attachment = node.attach();
  const auto table = node.open("1", attachment);
  const CheckReport report = table->check();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes, report.allocated_bytes);
  EXPECT_EQ(report.objects, table->tab2list(kCaller).size());
  for (std::uint32_t writer = 0; writer < kWriters; ++writer) EXPECT_EQ(sum_of_accounts(*table, writer), 0);
  // At most some 500 objects of 400 bytes are there at once: memory is used again, whoever dies.
  EXPECT_LT(report.allocated_bytes, std::uint64_t{16} << 20);
  EXPECT_GT(workers.kills(), 20u);
}

}  // namespace
}  // namespace heirloom::stress
