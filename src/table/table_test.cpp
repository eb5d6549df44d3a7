// SPDX-License-Identifier: Apache-2.0
//
// The operations of a set, in one process: results, errors, growth, and that check() finds every byte in one place after
// each of them.
#include "table/table.hpp"

#include <map>
#include <random>
#include <ranges>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/table_fixture.hpp"

namespace heirloom::table {
namespace {

using namespace heirloom::literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SetTable : public ::testing::Test {
 protected:
  void SetUp() override {
    node_.create(public_table());
    attachment_ = node_.attach();
    table_ = node_.open("1", attachment_);
  }
  void TearDown() override {
    const CheckReport report = table_->check();
    EXPECT_THAT(report.findings, IsEmpty());
    EXPECT_EQ(report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes,
              report.allocated_bytes);
    EXPECT_EQ(report.objects, table_->size());
  }

  void insert(const Term& object) { table_->insert(me_, {&object, 1}); }
  bool insert_new(const Term& object) { return table_->insert_new(me_, {&object, 1}); }
  std::optional<Term> lookup(const Term& key) { return table_->lookup(me_, key).one(); }
  Term count(const Term& key, CounterUpdate update) {
    return table_->update_counter(me_, key, {&update, 1}, nullptr)[0];
  }
  bool set(const Term& key, ElementUpdate update) { return table_->update_element(me_, key, {&update, 1}, nullptr); }
  template <typename Call>
  ErrorCode error_of(Call call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode{};
  }

  TestNode node_;
  shm::Attachment attachment_;
  std::shared_ptr<Table> table_;
  Pid me_{1, 0};
};

TEST_F(SetTable, FindsNothingWhileItIsEmpty) {
  EXPECT_FALSE(lookup("alice"_atom));
  EXPECT_FALSE(table_->member(me_, Term(1)));
  EXPECT_FALSE(table_->first(me_));
  EXPECT_THAT(table_->tab2list(me_), IsEmpty());
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(SetTable, ReturnsWhatWasInserted) {
  const Term object{"alice"_atom, 41, "Berlin", list({1, 2, "three"_atom}), map({{"x"_atom, 1.5}})};
  insert(object);
  EXPECT_EQ(lookup("alice"_atom), object);
  EXPECT_FALSE(lookup("bob"_atom));
  insert({"alice"_atom, 42});
  EXPECT_EQ(lookup("alice"_atom), Term({"alice"_atom, 42}));
  EXPECT_EQ(table_->size(), 1u);
}

template <typename T>
concept GivesIterators = requires(T objects) {
  std::forward<T>(objects).begin();
};

TEST_F(SetTable, GivesAnObjectOfATemporaryLookupByValue) {
  static_assert(std::ranges::contiguous_range<Objects> && GivesIterators<const Objects&> && !GivesIterators<Objects>);
  static_assert(std::is_same_v<decltype(table_->lookup(me_, Term(1)).front()), Term>);
  static_assert(std::is_same_v<decltype(table_->lookup(me_, Term(1))[0]), Term>);
  const Term object{1, std::string(1000, 'x')};
  insert(object);
  const Term& kept = table_->lookup(me_, Term(1)).front();
  EXPECT_EQ(kept, object);
  for (const Term& each : table_->lookup(me_, Term(1))) EXPECT_EQ(each, object);
  const Objects found = table_->lookup(me_, Term(1));
  EXPECT_EQ(&found.front(), &found[0]);
  EXPECT_EQ(found.front(), object);
  EXPECT_EQ(found.one(), object);  // a copy: what was found stays
  EXPECT_EQ(found[0], object);
}

TEST_F(SetTable, TellsKeysApartByIdentity) {
  insert({1, "integer"});
  insert({1.0, "float"});
  insert({"1", "binary"});
  insert({tuple({1}), "tuple"});
  EXPECT_EQ(table_->size(), 4u);
  EXPECT_EQ(lookup(1.0), Term({1.0, "float"}));
  EXPECT_EQ(lookup(tuple({1})), Term({tuple({1}), "tuple"}));
}

TEST_F(SetTable, KeepsEveryObjectWhileItGrows) {
  constexpr int kObjects = 20000;
  for (int i = 0; i < kObjects; ++i) insert({i, i * 2, "thirty-two bytes of binary here."});
  for (int i = 0; i < kObjects; ++i) ASSERT_EQ(lookup(i), Term({i, i * 2, "thirty-two bytes of binary here."}));
  EXPECT_FALSE(lookup(kObjects));
  EXPECT_EQ(table_->size(), static_cast<std::uint64_t>(kObjects));
}

TEST_F(SetTable, InsertsNewOnlyWhatIsAbsent) {
  EXPECT_TRUE(insert_new({1, "first"}));
  EXPECT_FALSE(insert_new({1, "second"}));
  const std::vector<Term> some{{2, "x"}, {1, "y"}};
  EXPECT_FALSE(table_->insert_new(me_, some));
  EXPECT_FALSE(lookup(2));
  const std::vector<Term> others{{2, "x"}, {3, "y"}, {2, "z"}};  // duplicates within the list do not count
  EXPECT_TRUE(table_->insert_new(me_, others));
  EXPECT_EQ(lookup(2), Term({2, "z"}));
}

TEST_F(SetTable, InsertsAListAtOnce) {
  std::vector<Term> objects;
  for (int i = 0; i < 3000; ++i) objects.push_back({i % 2000, i});
  insert(list(objects));
  EXPECT_EQ(table_->size(), 2000u);
  EXPECT_EQ(lookup(5), Term({5, 2005}));  // the last of a key
  EXPECT_EQ(lookup(1500), Term({1500, 1500}));
  insert(list(objects));
  EXPECT_EQ(table_->size(), 2000u);
  insert(list({}));
}

TEST_F(SetTable, RefusesWhatIsNoObject) {
  EXPECT_EQ(error_of([&] { insert("no tuple"); }), ErrorCode::badarg);
  EXPECT_EQ(error_of([&] { insert(tuple({})); }), ErrorCode::badarg);
  EXPECT_EQ(error_of([&] { insert(list({tuple({1, 2}), Term(3)})); }), ErrorCode::badarg);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(SetTable, TakesAndDeletes) {
  insert({1, "one"});
  insert({2, "two"});
  EXPECT_EQ(table_->take(me_, Term(1)).one(), Term({1, "one"}));
  EXPECT_FALSE(lookup(1));
  EXPECT_TRUE(table_->take(me_, Term(1)).empty());
  table_->delete_object(me_, Term({2, "other"}));
  EXPECT_TRUE(lookup(2));
  table_->delete_object(me_, Term({2, "two"}));
  EXPECT_FALSE(lookup(2));
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(SetTable, CountsInPlaceAndBeyond) {
  insert({"c"_atom, 1, 10, std::int64_t{1} << 58});
  EXPECT_EQ(count("c"_atom, {.position = 2, .increment = 5}), Term(6));
  EXPECT_EQ(count("c"_atom, {.position = 3, .increment = -4}), Term(6));  // a second counter: a copy
  EXPECT_EQ(count("c"_atom, {.position = 2, .increment = 1}), Term(7));
  EXPECT_EQ(count("c"_atom, {.position = 4, .increment = std::int64_t{1} << 58}), Term(std::int64_t{1} << 59));
  EXPECT_EQ(count("c"_atom, {.position = 4, .increment = parse("1000000000000000000000000")}),
            parse("1000000576460752303423488"));
  EXPECT_EQ(lookup("c"_atom), parse("{c,7,6,1000000576460752303423488}"));
  EXPECT_EQ(count("c"_atom, {.position = 2, .increment = 5, .threshold = 10, .reset_to = 0}), Term(0));
}

TEST_F(SetTable, CountsFromADefault) {
  const CounterUpdate update{.position = 2, .increment = 3};
  const Term fallback{"ignored"_atom, 10};
  EXPECT_EQ(table_->update_counter(me_, "k"_atom, {&update, 1}, &fallback)[0], Term(13));
  EXPECT_EQ(lookup("k"_atom), Term({"k"_atom, 13}));
}

TEST_F(SetTable, RefusesWhatIsNoCounter) {
  insert({1, "text", 5});
  EXPECT_EQ(error_of([&] { count(1, {.position = 2, .increment = 1}); }), ErrorCode::badarg);
  EXPECT_EQ(error_of([&] { count(1, {.position = 1, .increment = 1}); }), ErrorCode::keypos);
  EXPECT_EQ(error_of([&] { count(1, {.position = 4, .increment = 1}); }), ErrorCode::position);
  EXPECT_EQ(error_of([&] { count(1, {.position = 0, .increment = 1}); }), ErrorCode::position);
  EXPECT_EQ(error_of([&] { count(2, {.position = 2, .increment = 1}); }), ErrorCode::badkey);
  const std::vector<CounterUpdate> half{{.position = 3, .increment = 1}, {.position = 2, .increment = 1}};
  EXPECT_EQ(error_of([&] { table_->update_counter(me_, 1, half, nullptr); }), ErrorCode::badarg);
  EXPECT_EQ(lookup(1), Term({1, "text", 5}));
}

TEST_F(SetTable, UpdatesElements) {
  insert({1, "old", "old"});
  EXPECT_TRUE(set(1, {2, "new"}));
  EXPECT_EQ(lookup(1), Term({1, "new", "old"}));
  EXPECT_FALSE(set(2, {2, "new"}));
  EXPECT_EQ(error_of([&] { set(1, {1, 5}); }), ErrorCode::keypos);
  EXPECT_EQ(error_of([&] { set(1, {4, 5}); }), ErrorCode::position);
}

TEST_F(SetTable, TraversesEachKeyOnce) {
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) insert({i, "x"});
  for (auto key = table_->first(me_); key; key = table_->next(me_, *key)) {
    EXPECT_TRUE(seen.insert(key->as_int64()).second);
    if (seen.size() == 500) {
      for (int i = 1000; i < 5000; ++i) insert({i, "x"});  // growth in mid-traversal
    }
  }
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.contains(i));
  EXPECT_EQ(table_->tab2list(me_).size(), 5000u);
  EXPECT_EQ(error_of([&] { static_cast<void>(table_->next(me_, Term(-1))); }), ErrorCode::badkey);
}

TEST_F(SetTable, DeletesAllObjectsAtOnce) {
  for (int i = 0; i < 5000; ++i) insert({i, "x"});
  table_->delete_all_objects(me_);
  EXPECT_EQ(table_->size(), 0u);
  EXPECT_FALSE(lookup(17));
  EXPECT_FALSE(table_->first(me_));
  for (int i = 0; i < 100; ++i) insert({i, "y"});
  EXPECT_EQ(table_->size(), 100u);
  table_->delete_all_objects(me_);
  table_->delete_all_objects(me_);
  EXPECT_EQ(table_->check().objects, 0u);
}

TEST_F(SetTable, UsesMemoryAgain) {
  for (int i = 0; i < 1000; ++i) insert({i, "some text of a certain length", i});
  const std::uint64_t before = table_->check().allocated_bytes;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 1000; ++i) insert({i, "some text of a certain length", round});
  }
  EXPECT_LT(table_->check().allocated_bytes, before * 3);
}

TEST_F(SetTable, RefusesToPassMaxBytesAndStaysUsable) {
  SegmentOptions small = public_table("2");
  small.max_bytes = 1 << 20;
  node_.create(small);
  const auto table = node_.open("2", attachment_);
  int inserted = 0;
  const auto fill = [&] {
    for (;; ++inserted) {
      const Term object{inserted, std::string(1000, 'x')};
      table->insert(me_, {&object, 1});
    }
  };
  EXPECT_EQ(error_of(fill), ErrorCode::full);
  EXPECT_GT(inserted, 500);
  EXPECT_EQ(table->size(), static_cast<std::uint64_t>(inserted));
  EXPECT_THAT(table->check().findings, IsEmpty());
  std::vector<Term> many;
  for (int i = 0; i < 100; ++i) many.push_back({-1 - i, std::string(1000, 'y')});
  EXPECT_EQ(error_of([&] { table->insert(me_, many); }), ErrorCode::full);
  EXPECT_EQ(table->size(), static_cast<std::uint64_t>(inserted));
  EXPECT_THAT(table->check().findings, IsEmpty());
  for (int i = 0; i < inserted; i += 2) table->take(me_, Term(i), false);
  for (int i = 0; i < inserted / 4; ++i) {
    const Term object{i, std::string(1000, 'z')};
    table->insert(me_, {&object, 1});
  }
  EXPECT_THAT(table->check().findings, IsEmpty());
}

TEST_F(SetTable, GivesReadersAndWritersTheirRights) {
  SegmentOptions options = public_table("2");
  options.protection = Protection::protected_access;
  node_.create(options);
  const auto table = node_.open("2", attachment_);
  const Term object{1, 2};
  EXPECT_EQ(error_of([&] { table->insert(me_, {&object, 1}); }), ErrorCode::access);
  table->set_owner(me_, 1);
  table->insert(me_, {&object, 1});
  EXPECT_TRUE(table->member({2, 0}, Term(1)));
  EXPECT_EQ(error_of([&] { table->take({2, 0}, Term(1)); }), ErrorCode::access);
  table->mark_deleted();
  EXPECT_EQ(error_of([&] { table->insert(me_, {&object, 1}); }), ErrorCode::id);
  EXPECT_EQ(error_of([&] { static_cast<void>(table->lookup(me_, Term(1))); }), ErrorCode::id);
}

TEST_F(SetTable, AgreesWithAMapUnderRandomCalls) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::map<int, Term> model;
  for (int step = 0; step < 30000; ++step) {
    const int key = static_cast<int>(random() % 500);
    const Term object{key, static_cast<int>(random() % 1000), std::string(random() % 300, 'x')};
    switch (random() % 6) {
      case 0:
      case 1:
        insert(object);
        model[key] = object;
        break;
      case 2: EXPECT_EQ(insert_new(object), model.emplace(key, object).second); break;
      case 3: EXPECT_EQ(table_->take(me_, Term(key)).size(), model.erase(key)); break;
      case 4: {
        const auto found = model.find(key);
        if (found == model.end()) break;
        const std::int64_t value = found->second.element(2).as_int64() + 7;
        EXPECT_EQ(count(key, {.position = 2, .increment = 7}), Term(value));
        found->second = Term{key, value, Term(found->second.element(3))};
        break;
      }
      default: {
        std::vector<Term> many;
        for (int i = 0; i < 10; ++i) {
          const int other = static_cast<int>(random() % 500);
          many.push_back({other, step, "many"});
          model[other] = many.back();
        }
        table_->insert(me_, many);
      }
    }
  }
  EXPECT_EQ(table_->size(), model.size());
  for (const auto& [key, object] : model) EXPECT_EQ(lookup(key), object);
}

}  // namespace
}  // namespace heirloom::table
