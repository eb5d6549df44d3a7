// SPDX-License-Identifier: Apache-2.0
//
// Memory goes back to the system when a table shrinks, and what is deleted is room for objects of any size.
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "table/table_fixture.hpp"

namespace heirloom::table {
namespace {

// Under a sanitizer a table is small: what stays in any case is much of it then.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr std::uint64_t kShrunk = kSanitized ? 1 : 3;  // times smaller than before, at least

struct Kind {
  const char* name;
  TableType type;
  bool compressed;
};

class Draining : public ::testing::TestWithParam<Kind> {
 protected:
  void open(std::uint64_t max_bytes) {
    SegmentOptions options = public_table();
    options.type = GetParam().type;
    options.compressed = GetParam().compressed;
    options.max_bytes = max_bytes;
    node_.create(options);
    table_ = node_.open("1", attachment_);
  }

  // An object of about so many bytes.
  void insert(std::int64_t key, std::size_t bytes) {
    std::string text(bytes, 'x');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(random_());
    const Term object{key, key, text};
    table_->insert(kCaller, {&object, 1});
  }
  // Until the table is full; returns how many.
  std::int64_t fill(std::int64_t first_key, std::size_t bytes) {
    for (std::int64_t key = first_key;; ++key) {
      try {
        insert(key, bytes);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::full);
        return key - first_key;
      }
    }
  }
  void erase(std::int64_t key) { table_->take(kCaller, Term(key).view(), false); }

  [[nodiscard]] bool holds(std::int64_t key, std::size_t bytes) const {
    const Objects objects = table_->lookup(kCaller, Term(key).view());
    return objects.size() == 1 && objects.front().element(2) == Term(key) &&
           objects.front().element(3).as_binary().size() == bytes;
  }

  // What the system has given to the file.
  [[nodiscard]] std::uint64_t bytes_of_file() const {
    struct stat status {};
    ::stat((node_.path() + "/tables/1").c_str(), &status);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  void expect_sound() {
    const CheckReport report = table_->check();
    for (const std::string& finding : report.findings) ADD_FAILURE() << finding;
    EXPECT_EQ(report.objects, table_->size());
    EXPECT_EQ(report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes,
              report.allocated_bytes);
  }

  std::vector<std::int64_t> shuffled(std::int64_t count) {
    std::vector<std::int64_t> keys(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) keys[static_cast<std::size_t>(i)] = i;
    std::shuffle(keys.begin(), keys.end(), random_);
    return keys;
  }

  std::mt19937_64 random_{20261129};
  TestNode node_;
  shm::Attachment attachment_ = node_.attach();
  std::shared_ptr<Table> table_;
};

INSTANTIATE_TEST_SUITE_P(OfEachKind, Draining,
                         ::testing::Values(Kind{"set", TableType::set, false},
                                           Kind{"ordered_set", TableType::ordered_set, false},
                                           Kind{"bag", TableType::bag, false},
                                           Kind{"duplicate_bag", TableType::duplicate_bag, false},
                                           Kind{"compressed_set", TableType::set, true}),
                         [](const auto& param) { return param.param.name; });

TEST_P(Draining, MostMemoryGoesBackWhenMostObjectsAreDeletedAtRandom) {
  constexpr std::int64_t kObjects = kSanitized ? 16000 : 80000;
  open(std::uint64_t{1} << 30);
  for (std::int64_t key = 0; key < kObjects; ++key) insert(key, 300);
  const std::uint64_t memory = table_->info().memory_bytes;
  const std::uint64_t file = bytes_of_file();
  const auto keys = shuffled(kObjects);
  const std::size_t kept = keys.size() / 50;
  for (std::size_t i = kept; i < keys.size(); ++i) erase(keys[i]);
  expect_sound();
  EXPECT_LT(table_->info().memory_bytes, memory / kShrunk);
  EXPECT_LT(bytes_of_file(), file / kShrunk);
  for (std::size_t i = 0; i < kept; ++i) EXPECT_TRUE(holds(keys[i], 300)) << keys[i];
  EXPECT_EQ(table_->size(), kept);
  // And it grows again as before.
  for (std::size_t i = kept; i < keys.size(); ++i) insert(keys[i], 300);
  expect_sound();
  EXPECT_LT(table_->info().memory_bytes, memory + memory / (kSanitized ? 2 : 8));
  for (const std::int64_t key : keys) EXPECT_TRUE(holds(key, 300)) << key;
}

TEST_P(Draining, WhatIsDeletedAtRandomIsRoomForOtherSizes) {
  open(std::uint64_t{kSanitized ? 6 : 16} << 20);
  for (const auto& [before, after] : {std::pair{40, 1000}, std::pair{1000, 40}, std::pair{200, 9000}}) {
    const std::int64_t count = fill(0, static_cast<std::size_t>(before));
    const auto keys = shuffled(count);
    const auto half = static_cast<std::size_t>(count / 2);
    for (std::size_t i = 0; i < half; ++i) erase(keys[i]);
    constexpr std::int64_t kOthersFrom = 1'000'000'000;
    const std::int64_t others = fill(kOthersFrom, static_cast<std::size_t>(after));
    // Not counting what an object takes besides its bytes, which is much for the small ones.
    EXPECT_GT(others * (after + 64), count / 2 * (before + 24) * (kSanitized ? 5 : 7) / 10)
        << before << " to " << after;
    expect_sound();
    for (std::size_t i = half; i < keys.size(); ++i) ASSERT_TRUE(holds(keys[i], static_cast<std::size_t>(before)));
    for (std::int64_t key = 0; key < others; ++key)
      ASSERT_TRUE(holds(kOthersFrom + key, static_cast<std::size_t>(after)));
    for (std::size_t i = half; i < keys.size(); ++i) erase(keys[i]);
    for (std::int64_t key = 0; key < others; ++key) erase(kOthersFrom + key);
    EXPECT_EQ(table_->size(), 0u);
    expect_sound();
    if (kSanitized) break;
  }
}

// Where no memory is left, not even for one more list of what is retired.
TEST_P(Draining, AFullTableTakesObjectsInThePlaceOfOthers) {
  if (GetParam().type == TableType::bag || GetParam().type == TableType::duplicate_bag) return;
  open(std::uint64_t{2} << 20);
  constexpr std::int64_t kSmallerFrom = 1'000'000'000;
  const std::int64_t count = fill(0, 40);
  for (std::size_t bytes = 24; bytes != 0; bytes /= 2) fill(kSmallerFrom * static_cast<std::int64_t>(bytes), bytes);
  const auto keys = shuffled(count);
  constexpr std::size_t kDeleted = 200;  // some in each stripe
  for (std::size_t i = 0; i < kDeleted; ++i) erase(keys[i]);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = kDeleted; i < keys.size(); ++i) ASSERT_NO_THROW(insert(keys[i], 40)) << i;
  }
  expect_sound();
}

TEST_P(Draining, MemoryGoesBackWhenAllObjectsAreDeletedAtOnce) {
  open(std::uint64_t{1} << 30);
  for (std::int64_t key = 0; key < (kSanitized ? 8000 : 40000); ++key) insert(key, 300);
  const std::uint64_t file = bytes_of_file();
  table_->delete_all_objects(kCaller);
  expect_sound();
  EXPECT_LT(bytes_of_file(), file / kShrunk);
}

// Again and again, and with objects as large as an empty root among others: what it takes beyond max_bytes comes back.
TEST_P(Draining, AllObjectsOfAFullTableAreDeletedAtOnce) {
  constexpr std::uint64_t kMaxBytes = 4 << 20;
  open(kMaxBytes);
  std::vector<std::int64_t> counts;
  for (int round = 0; round < (kSanitized ? 3 : 12); ++round) {
    std::int64_t count = 0;
    for (const std::size_t bytes : {4000, 200, 20, 1}) count += fill(count, bytes);
    counts.push_back(count);
    ASSERT_EQ(table_->delete_all_objects(kCaller), static_cast<std::uint64_t>(count));
    ASSERT_EQ(table_->size(), 0U);
    EXPECT_LT(bytes_of_file(), kMaxBytes);
    expect_sound();
  }
  EXPECT_GT(counts.back(), counts[1] * 9 / 10) << testing::PrintToString(counts);
}

// Readers look at objects that are being moved all the time, since those beside them come and go.
TEST_P(Draining, AnObjectIsFoundWhileItIsMoved) {
  constexpr std::int64_t kObjects = 6000;
  constexpr std::int64_t kKept = 16;  // each so many-th stays
  open(std::uint64_t{1} << 30);
  const auto term = [](std::int64_t key) {
    std::mt19937_64 random(static_cast<std::uint64_t>(key));  // so that nothing can be compressed
    std::string text(900, ' ');
    for (char& each : text) each = static_cast<char>(random());
    return Term{key, key, text};
  };
  const auto insert = [&](std::int64_t key) {
    const Term object = term(key);
    table_->insert(kCaller, {&object, 1});
  };
  for (std::int64_t key = 0; key < kObjects; ++key) insert(key);
  const std::uint64_t memory = table_->info().memory_bytes;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> looks{0};
  std::atomic<std::uint64_t> misses{0};
  std::thread reader([&] {
    while (!done) {
      for (std::int64_t key = 0; key < kObjects; key += kKept) {
        const Objects found = table_->lookup(kCaller, Term(key).view());
        if (found.size() != 1 || found.front() != term(key)) ++misses;
        ++looks;
      }
    }
  });
  std::uint64_t least = memory;
  for (int round = 0; round < (kSanitized ? 2 : 6); ++round) {
    for (std::int64_t key = 0; key < kObjects; ++key) {
      if (key % kKept != 0) erase(key);
    }
    least = std::min(least, table_->info().memory_bytes);
    for (std::int64_t key = 0; key < kObjects; ++key) {
      if (key % kKept != 0) insert(key);
    }
  }
  done = true;
  reader.join();
  EXPECT_GT(looks, 0u);
  EXPECT_EQ(misses, 0u);
  EXPECT_LT(least, memory);  // something was moved
  expect_sound();
}

}  // namespace
}  // namespace heirloom::table
