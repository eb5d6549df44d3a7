// SPDX-License-Identifier: Apache-2.0
//
// Strategy: bags and duplicate_bags against a plain model, by long random sequences of all their operations with few keys, so that
// groups grow, shrink and come to an end; `check` after each part. Then what a reader may see meanwhile: the objects of a key as
// they were at one moment.
//
// HEIRLOOM_SEED replays the sequence.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "table/table.hpp"
#include "table/table_fixture.hpp"

namespace heirloom::table {
namespace {

class BagTest : public ::testing::TestWithParam<TableType> {
 protected:
  BagTest() : attachment_(node_.attach()) {
    SegmentOptions options = public_table();
    options.type = GetParam();
    node_.create(options);
    table_ = node_.open("1", attachment_);
  }
  ~BagTest() override {
    const CheckReport report = table_->check();
    EXPECT_TRUE(report.ok) << report.findings.front();
    EXPECT_EQ(report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes,
              report.allocated_bytes);
  }
  [[nodiscard]] static bool duplicates() { return GetParam() == TableType::duplicate_bag; }
  void insert(const Term& object) { table_->insert(kCaller, {&object, 1}); }
  [[nodiscard]] std::vector<Term> lookup(const Term& key) const {
    const Objects found = table_->lookup(kCaller, key);
    return {found.begin(), found.end()};
  }

  TestNode node_;
  shm::Attachment attachment_;
  std::shared_ptr<Table> table_;
};

using Terms = std::vector<Term>;

TEST_P(BagTest, KeepsTheOrderOfInsertion) {
  for (int i = 9; i > 0; --i) insert({"key", i});
  insert({"other", 1});
  Terms expected;
  for (int i = 9; i > 0; --i) expected.push_back({"key", i});
  EXPECT_EQ(lookup("key"), expected);
  EXPECT_EQ(table_->size(), 10U);
  EXPECT_EQ(table_->lookup_element(kCaller, Term("key"), 2), list({9, 8, 7, 6, 5, 4, 3, 2, 1}));
}

TEST_P(BagTest, AnObjectThatIsThere) {
  for (int i = 0; i < 3; ++i) {
    insert({"key", "a"});
    insert({"key", "b"});
  }
  insert({"one", 1});
  insert({"one", 1});
  insert({"one", 1.0});  // another: =:= tells them apart
  if (duplicates()) {
    EXPECT_EQ(lookup("key").size(), 6U);
    EXPECT_EQ(lookup("one"), (Terms{{"one", 1}, {"one", 1}, {"one", 1.0}}));
  } else {
    EXPECT_EQ(lookup("key"), (Terms{{"key", "a"}, {"key", "b"}}));
    EXPECT_EQ(lookup("one"), (Terms{{"one", 1}, {"one", 1.0}}));
  }
}

TEST_P(BagTest, DeleteObjectTakesEveryCopyAndKeepsTheOrder) {
  for (const int i : {1, 2, 1, 3, 1, 2}) insert({"key", i});
  table_->delete_object(kCaller, {"key", 1});
  EXPECT_EQ(lookup("key"),
            duplicates() ? (Terms{{"key", 2}, {"key", 3}, {"key", 2}}) : (Terms{{"key", 2}, {"key", 3}}));
  table_->delete_object(kCaller, {"key", 2.0});
  table_->delete_object(kCaller, {"key", 2});
  EXPECT_EQ(lookup("key"), (Terms{{"key", 3}}));
  insert({"key", 1});  // comes to the end
  EXPECT_EQ(lookup("key"), (Terms{{"key", 3}, {"key", 1}}));
  table_->delete_object(kCaller, {"key", 3});
  table_->delete_object(kCaller, {"key", 1});
  EXPECT_FALSE(table_->member(kCaller, Term("key")));
}

TEST_P(BagTest, TakesAndListsAllObjectsOfAKey) {
  for (int i = 0; i < 100; ++i) insert({i % 10, i});
  EXPECT_EQ(table_->tab2list(kCaller).size(), 100U);
  std::size_t keys = 0;
  for (auto key = table_->first(kCaller); key; key = table_->next(kCaller, *key)) ++keys;
  EXPECT_EQ(keys, 10U);
  EXPECT_EQ(table_->take(kCaller, Term(3)).size(), 10U);
  EXPECT_EQ(table_->size(), 90U);
  EXPECT_TRUE(lookup(3).empty());
}

TEST_P(BagTest, RefusesWhatItsTypeCannotDo) {
  insert({"key", 1});
  const auto code_of = [](auto call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode{};
  };
  const CounterUpdate count{.position = 2, .increment = 1};
  const std::vector<ElementUpdate> updates{{2, 1}};
  EXPECT_EQ(code_of([&] { table_->update_counter(kCaller, "key", {&count, 1}, nullptr); }), ErrorCode::table_type);
  EXPECT_EQ(code_of([&] { table_->update_element(kCaller, "key", updates, nullptr); }), ErrorCode::table_type);
  insert({"short"});
  EXPECT_EQ(code_of([&] { static_cast<void>(table_->lookup_element(kCaller, Term("short"), 2)); }),
            ErrorCode::position);
  EXPECT_EQ(table_->lookup_element(kCaller, Term("absent"), 2), std::nullopt);
}

TEST_P(BagTest, GroupsOfAHundredThousand) {
  Terms all;
  for (int i = 0; i < 100'000; ++i) all.push_back({"key", i});
  table_->insert(kCaller, all);
  EXPECT_EQ(lookup("key"), all);
  table_->delete_object(kCaller, {"key", 50'000});
  EXPECT_EQ(table_->size(), 99'999U);
  table_->delete_all_objects(kCaller);
  EXPECT_EQ(table_->size(), 0U);
  insert({"key", 1});
}

// -- against a model --

class BagModel {
 public:
  explicit BagModel(bool duplicates) : duplicates_(duplicates) {}
  void insert(const Term& object) {
    Terms& objects = of(Term(object.element(1)));
    if (duplicates_ || std::find(objects.begin(), objects.end(), object) == objects.end()) objects.push_back(object);
  }
  void delete_object(const Term& object) { std::erase(of(Term(object.element(1))), object); }
  void erase(const Term& key) { of(key).clear(); }
  void clear() { objects_.clear(); }
  [[nodiscard]] Terms& of(const Term& key) { return objects_[to_string(key)]; }
  [[nodiscard]] std::size_t size() const {
    std::size_t size = 0;
    for (const auto& [key, objects] : objects_) size += objects.size();
    return size;
  }

 private:
  bool duplicates_;
  std::map<std::string, Terms> objects_;
};

TEST_P(BagTest, AgreesWithAModel) {
  const char* given = std::getenv("HEIRLOOM_SEED");
  const auto seed =
      given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
  SCOPED_TRACE("HEIRLOOM_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  BagModel model(duplicates());
  const auto pick = [&](std::uint32_t below) { return random() % below; };
  const auto some_key = [&] { return pick(3) == 0 ? Term(Atom("k" + std::to_string(pick(4)))) : Term(pick(12)); };
  const auto some_object = [&]() -> Term {
    const Term key = some_key();
    switch (pick(4)) {
      case 0: return {key, pick(30)};
      case 1: return {key, std::string(pick(300), 'x')};
      case 2: return {key, Atom("a" + std::to_string(pick(5))), pick(3)};
      default: return {key, list({Term(pick(9)), Term(static_cast<double>(pick(3)))})};
    }
  };
  for (int step = 0; step < 20'000 && !HasFailure(); ++step) {
    const Term key = some_key();
    switch (pick(pick(200) == 0 ? 9 : 8)) {
      case 0:
      case 1:
      case 2: {
        const Term object = some_object();
        insert(object);
        model.insert(object);
        break;
      }
      case 3: {
        Terms objects(pick(20));
        for (Term& object : objects) object = some_object();
        const bool wanted = std::all_of(objects.begin(), objects.end(),
                                        [&](const Term& object) { return model.of(Term(object.element(1))).empty(); });
        const bool only_new = pick(3) == 0;
        if (only_new) {
          EXPECT_EQ(table_->insert_new(kCaller, objects), wanted);
        } else {
          table_->insert(kCaller, objects);
        }
        if (only_new && !wanted) break;
        for (const Term& object : objects) model.insert(object);
        break;
      }
      case 4:
      case 5: {
        Term object = some_object();
        const Terms& present = model.of(key);
        if (!present.empty() && pick(2) == 0) object = present[pick(static_cast<std::uint32_t>(present.size()))];
        table_->delete_object(kCaller, object);
        model.delete_object(object);
        break;
      }
      case 6: {
        const Objects taken = table_->take(kCaller, key);
        EXPECT_EQ(Terms(taken.begin(), taken.end()), model.of(key));
        model.erase(key);
        break;
      }
      case 7: EXPECT_EQ(table_->member(kCaller, key), !model.of(key).empty()); break;
      default: table_->delete_all_objects(kCaller); model.clear();
    }
    ASSERT_EQ(lookup(key), model.of(key)) << "step " << step;
    ASSERT_EQ(table_->size(), model.size()) << "step " << step;
    if (step % 1000 == 0) {
      const CheckReport report = table_->check();
      ASSERT_TRUE(report.ok) << report.findings.front();
      ASSERT_EQ(table_->tab2list(kCaller).size(), model.size());
    }
  }
}

// -- what others see meanwhile --

// The writer keeps the sum of a key's numbers at zero with each call; a state between two calls' would not have it.
TEST_P(BagTest, ReadersSeeTheObjectsOfAKeyAtOneMoment) {
  std::atomic<bool> done{false};
  const auto number = [](const Term& object) { return object.element(2).as_int64(); };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done.load()) {
        std::int64_t last = -1;
        for (const Term& object : lookup("key")) {
          EXPECT_GT(number(object), last) << "not in the order of insertion";
          last = number(object);
        }
        for (const Term& object : lookup("pairs")) EXPECT_EQ(object.element(3).size(), 50U);
        EXPECT_EQ(lookup("pairs").size() % 2, 0U) << "half of an insert";
      }
    });
  }
  const std::string text(50, 'y');
  for (int i = 0; i < 20'000; ++i) {
    insert({"key", i});
    if (i % 3 == 0) table_->delete_object(kCaller, {"key", i - i % 7});
    if (i % 500 == 0) table_->take(kCaller, Term("key"), false);
    const Terms pair{{"pairs", 2 * i, text}, {"pairs", 2 * i + 1, text}};
    table_->insert(kCaller, pair);
    if (i % 40 == 0) table_->take(kCaller, Term("pairs"), false);
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
}

INSTANTIATE_TEST_SUITE_P(Types, BagTest, ::testing::Values(TableType::bag, TableType::duplicate_bag),
                         [](const auto& type) { return std::string(to_string(type.param)); });

}  // namespace
}  // namespace heirloom::table
