// SPDX-License-Identifier: Apache-2.0
//
// Strategy: one thread takes the locks of a table again and again, and another one, which must not wait, writes at random beside a
// model. What it is refused may have changed nothing: a write that was done and refused would be done twice by whoever tries again.
// A change of many objects, gone on with whenever it was refused, counts in each of them: once.
#include "heirloom/no_wait.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "shm/stripe_lock.hpp"
#include "table/table_fixture.hpp"

namespace heirloom::table {
namespace {

constexpr int kWrites = 12000;

class NoWaiting : public ::testing::TestWithParam<TableType> {
 protected:
  void make_table(std::uint64_t max_mebibytes) {
    SegmentOptions options = public_table();
    options.type = GetParam();
    options.max_bytes = max_mebibytes << 20;
    node_.create(options);
    table_ = node_.open("1", attachment_);
    segment_ = shm::Segment::open(node_.directory(), "tables/1").value_or_raise();
  }

  [[nodiscard]] shm::Holder this_thread() const {
    return shm::Holder::of(*attachment_.peers, attachment_.process->number(), attachment_.process->this_thread().name);
  }
  [[nodiscard]] std::vector<shm::StripeLock*> locks() const {
    std::vector<shm::StripeLock*> all{&segment_->header().pool_lock, &segment_->header().dictionary_lock};
    for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe)
      all.push_back(&segment_->stripe(stripe).lock);
    return all;
  }
  [[nodiscard]] std::vector<Term> found(std::int64_t key) const {
    const Objects objects = table_->lookup(kCaller, Term(key).view());
    return {objects.begin(), objects.end()};
  }

  // Takes locks, one at a time and for a moment: mostly that of the pool, which is needed the latest in a write.
  class Taking {
   public:
    explicit Taking(const NoWaiting& test) : thread_([&test](const std::stop_token& stop) { take(test, stop); }) {}

   private:
    static void take(const NoWaiting& test, const std::stop_token& stop) {
      std::mt19937 random(1);
      const auto all = test.locks();
      for (; !stop.stop_requested(); std::this_thread::yield()) {
        shm::StripeLock& lock = *all[random() % 3 == 0 ? random() % all.size() : 0];
        lock.acquire(test.this_thread());
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 300);
        while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
        lock.release();
      }
    }
    std::jthread thread_;
  };

  TestNode node_;
  shm::Attachment attachment_ = node_.attach();
  std::shared_ptr<Table> table_;
  std::unique_ptr<shm::Segment> segment_;
};

std::optional<ErrorCode> refusal_of(const std::function<void()>& write) {
  try {
    const NoWait no_wait;
    write();
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::busy && error.code() != ErrorCode::full) throw;
    return error.code();
  }
}
bool is_refused(const std::function<void()>& write) { return refusal_of(write).has_value(); }

TEST_P(NoWaiting, AWriteThatIsRefusedHasChangedNothing) {
  make_table(4);
  const Taking taking(*this);
  std::map<std::int64_t, std::vector<Term>> model;
  std::mt19937 random(2);
  int refused = 0;
  int refused_several = 0;
  int written = 0;
  for (int i = 0; written < kWrites && i < 100 * kWrites; ++i) {
    if (random() % 1000 == 0 && !is_refused([&] { table_->delete_all_objects(kCaller); })) {
      model.clear();
    }
    // Grows, and shrinks again, so that memory is taken and given back.
    const bool grows = i / 500 % 2 == 0;
    const auto some_key = [&] { return static_cast<std::int64_t>(random() % 400); };
    std::map<std::int64_t, std::vector<Term>> after;  // of the keys that the write is about
    bool is_written;
    if (random() % 4 < (grows ? 3U : 1U)) {
      std::vector<Term> objects(random() % 4 == 0 ? 2 + random() % 6 : 1);
      for (Term& object : objects) {
        const std::int64_t key = some_key();
        object = {key, Atom("a" + std::to_string(i % 3000)), Term(std::string(random() % 3000, 'x'))};
        std::vector<Term>& of_key = after.try_emplace(key, model[key]).first->second;
        if (GetParam() == TableType::set || GetParam() == TableType::ordered_set) of_key.clear();
        if (GetParam() != TableType::bag || std::find(of_key.begin(), of_key.end(), object) == of_key.end())
          of_key.push_back(object);
      }
      is_written = !is_refused([&] { table_->insert(kCaller, objects); });
      refused_several += !is_written && objects.size() > 1 ? 1 : 0;
    } else {
      const std::int64_t key = some_key();
      after[key] = {};
      is_written = !is_refused([&] { table_->take(kCaller, Term(key).view(), false); });
    }
    ++(is_written ? written : refused);
    for (auto& [key, of_key] : after) {
      if (is_written) model[key] = std::move(of_key);
      ASSERT_EQ(found(key), model[key]) << (is_written ? "written" : "refused");
    }
  }
  EXPECT_EQ(written, kWrites);
  EXPECT_NE(refused, 0);
  EXPECT_NE(refused_several, 0);
  std::uint64_t objects = 0;
  for (const auto& [key, of_key] : model) objects += of_key.size();
  EXPECT_EQ(table_->size(), objects);
  EXPECT_TRUE(table_->check().ok);
}

// Of {Key, Count, Rest}: the next count, and a rest of another size.
class CountingOn final : public Judge {
 public:
  [[nodiscard]] Operation operation() const noexcept override { return Operation::select_replace; }
  Verdict judge(const Seen& object) override {
    object_ = Term(object.view());
    return Verdict::replace;
  }
  Term replacement() override {
    const std::int64_t count = object_.element(2).as_int64() + 1;
    return {Term(object_.element(1)), count, Term(std::string(random_() % 3000, 'x'))};
  }

 private:
  Term object_;
  std::mt19937 random_{3};
};
class RemovingAll final : public Judge {
 public:
  [[nodiscard]] Operation operation() const noexcept override { return Operation::select_delete; }
  Verdict judge(const Seen& /*object*/) override { return Verdict::remove; }
  Term replacement() override { return {}; }
};

TEST_P(NoWaiting, AChangeThatIsRefusedGoesOnBehindWhatItHasChanged) {
  make_table(256);  // is never full
  const std::uint64_t objects_of_a_key = GetParam() == TableType::duplicate_bag ? 3 : 1;
  constexpr std::uint64_t kKeys = 300;
  const term::KeyRange everything{.kind = term::KeyRange::Kind::everything};
  int refused = 0;
  const auto change_all = [&](Judge& judge) {
    ChangeProgress progress;
    while (!progress.at_end()) {
      const auto refusal = refusal_of([&] { table_->change(kCaller, everything, progress, {.work_max = 40}, judge); });
      if (refusal) ++refused;
      EXPECT_NE(refusal, ErrorCode::full);
    }
    return progress.changed;
  };
  CountingOn counting;
  RemovingAll removing;
  const Taking taking(*this);
  for (int round = 0; round < 20 || (refused == 0 && round < 2000); ++round) {
    for (std::uint64_t i = 0; i < objects_of_a_key * kKeys; ++i)
      table_->insert(kCaller, std::vector<Term>{{i % kKeys, 0, Term("some")}});
    if (GetParam() != TableType::bag) {  // whose objects would have to stay different
      ASSERT_EQ(change_all(counting), objects_of_a_key * kKeys);
      for (const Term& object : table_->tab2list(kCaller)) ASSERT_EQ(object.element(2).as_int64(), 1);
      ASSERT_EQ(table_->size(), objects_of_a_key * kKeys);
    }
    ASSERT_EQ(change_all(removing), objects_of_a_key * kKeys);
    ASSERT_EQ(table_->size(), 0U);
  }
  EXPECT_NE(refused, 0);
  EXPECT_TRUE(table_->check().ok);
}

TEST_P(NoWaiting, WhoHasALockIsWaitedForByThoseWhoMay) {
  make_table(4);
  const Term object{1, 2};
  std::atomic<bool> held{false};
  std::atomic<bool> enough{false};
  std::thread other([&] {
    for (shm::StripeLock* lock : locks()) lock->acquire(this_thread());
    held = true;
    held.notify_all();
    enough.wait(false);
    for (shm::StripeLock* lock : locks()) lock->release();
  });
  held.wait(false);
  EXPECT_TRUE(is_refused([&] { table_->insert(kCaller, {&object, 1}); }));
  EXPECT_TRUE(is_refused([&] { table_->delete_all_objects(kCaller); }));
  EXPECT_TRUE(is_refused([&] { table_->insert(kCaller, std::vector<Term>{{1, 2}, {2, 3}}); }));
  EXPECT_EQ(table_->size(), 0U);
  enough = true;
  enough.notify_all();
  table_->insert(kCaller, {&object, 1});
  other.join();
  EXPECT_EQ(found(1), std::vector<Term>{object});
}

// The lock of the page pool is what an insert of several objects needs when it has begun: for the one that is larger than all before.
TEST_P(NoWaiting, AnInsertOfSeveralObjectsIsUndoneWhereThePoolIsLocked) {
  make_table(64);
  constexpr int kKeys = 20;
  for (int round = 0; round < kKeys; round += 5) {
    std::vector<Term> before;
    for (int key = 0; key < kKeys; ++key) before.push_back({key, round});
    table_->insert(kCaller, before);
    std::vector<Term> after = before;
    for (int key = 0; key < kKeys; ++key) after[key] = {key, round, Atom("after")};
    after[round] = {round, Term(std::string(100'000 + 50'000 * round, 'x'))};
    table_->insert(kCaller, {&after[(round + 1) % kKeys], 1});  // its atom
    table_->insert(kCaller, before);
    const std::vector<Term> objects = table_->tab2list(kCaller);
    const std::uint64_t repairs = table_->info().repairs_finished + table_->info().repairs_undone;
    std::optional<ErrorCode> refusal;
    segment_->with_pool_locked(this_thread(), [&] {
      std::thread([&] { refusal = refusal_of([&] { table_->insert(kCaller, after); }); }).join();
      EXPECT_EQ(table_->tab2list(kCaller), objects);
      EXPECT_EQ(table_->size(), objects.size());
    });
    ASSERT_EQ(refusal, ErrorCode::busy);
    table_->insert(kCaller, after);
    for (const Term& object : after) EXPECT_EQ(found(object.element(1).as_int64()).back(), object);
    EXPECT_EQ(table_->info().repairs_finished + table_->info().repairs_undone, repairs);
    const CheckReport report = table_->check();
    ASSERT_TRUE(report.ok) << report.findings.front();
  }
}

// What goes when it has happened, or is undone, is listed, and the list may need memory: while the pool is locked, it stays for the next
// writer.
class NoWaitingSets : public NoWaiting {};
TEST_P(NoWaitingSets, WhatAnInsertOfSeveralObjectsLeavesTheNextOneFinishes) {
  make_table(64);
  constexpr std::int64_t kKeys = 200;
  const auto has_left_something = [&] {
    for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
      if (segment_->stripe(stripe).work[kTransaction] != 0) return true;
    }
    return false;
  };
  std::map<std::int64_t, Term> model;
  std::mt19937 random(4);
  int left_happened = 0;
  int left_undone = 0;
  for (int round = 0; (left_happened == 0 || left_undone == 0) && round < 200'000; ++round) {
    std::map<std::int64_t, Term> batch;
    for (std::uint64_t count = 1 + random() % 100; batch.size() < count;) {
      const auto key = static_cast<std::int64_t>(random() % kKeys);
      batch[key] = {key, round, Term(std::string(random() % 400, 'x'))};
    }
    std::vector<Term> objects;
    for (const auto& [key, object] : batch) objects.push_back(object);
    bool is_written = false;
    segment_->with_pool_locked(this_thread(), [&] {
      std::thread([&] {
        is_written = !is_refused([&] { table_->insert(kCaller, objects); });
        if (!has_left_something()) return;
        ++(is_written ? left_happened : left_undone);
        // Who must not wait does not, whether it can finish what is left or cannot.
        is_written = !is_refused([&] { table_->insert(kCaller, objects); }) || is_written;
      }).join();
      if (is_written) {
        for (auto& [key, object] : batch) model[key] = object;
      }
      for (const auto& [key, object] : model) ASSERT_EQ(found(key).back(), object);
    });
    if (!is_written) table_->insert(kCaller, objects);
    for (auto& [key, object] : batch) model[key] = object;
    for (const auto& [key, object] : model) ASSERT_EQ(found(key).back(), object);
  }
  EXPECT_NE(left_happened, 0);
  EXPECT_NE(left_undone, 0);
  ASSERT_FALSE(is_refused([&] { table_->delete_all_objects(kCaller); }));
  EXPECT_FALSE(has_left_something());
  EXPECT_EQ(table_->size(), 0U);
  const CheckReport report = table_->check();
  EXPECT_TRUE(report.ok) << report.findings.front();
}

std::string name_of(const testing::TestParamInfo<TableType>& type) { return std::string(to_string(type.param)); }
INSTANTIATE_TEST_SUITE_P(Tables, NoWaiting,
                         ::testing::Values(TableType::set, TableType::ordered_set, TableType::bag,
                                           TableType::duplicate_bag),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Tables, NoWaitingSets, ::testing::Values(TableType::set, TableType::ordered_set), name_of);

}  // namespace
}  // namespace heirloom::table
