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

constexpr Pid kCaller{1, 0};
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
  int written = 0;
  for (int i = 0; written < kWrites && i < 100 * kWrites; ++i) {
    if (random() % 1000 == 0 && !is_refused([&] { table_->delete_all_objects(kCaller); })) {
      model.clear();
    }
    // Grows, and shrinks again, so that memory is taken and given back.
    const bool grows = i / 500 % 2 == 0;
    const auto key = static_cast<std::int64_t>(random() % 400);
    const Term object{key, Atom("a" + std::to_string(i % 3000)), Term(std::string(random() % 3000, 'x'))};
    std::vector<Term> after = model[key];
    bool is_written;
    if (random() % 4 < (grows ? 3U : 1U)) {
      is_written = !is_refused([&] { table_->insert(kCaller, {&object, 1}); });
      const bool is_set = GetParam() == TableType::set || GetParam() == TableType::ordered_set;
      if (is_set) after.clear();
      after.push_back(object);
    } else {
      is_written = !is_refused([&] { table_->take(kCaller, Term(key).view(), false); });
      after.clear();
    }
    ++(is_written ? written : refused);
    if (is_written) model[key] = std::move(after);
    ASSERT_EQ(found(key), model[key]) << (is_written ? "written" : "refused");
  }
  EXPECT_EQ(written, kWrites);
  EXPECT_NE(refused, 0);
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

INSTANTIATE_TEST_SUITE_P(Tables, NoWaiting,
                         ::testing::Values(TableType::set, TableType::ordered_set, TableType::bag,
                                           TableType::duplicate_bag),
                         [](const auto& type) { return std::string(to_string(type.param)); });

}  // namespace
}  // namespace heirloom::table
