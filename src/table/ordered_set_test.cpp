// SPDX-License-Identifier: Apache-2.0
//
// Strategy: ordered_sets against a std::map in the order of terms, by long random sequences of all their operations, with keys
// of several families: told apart by their prefixes, hardly or not at all; ascending and descending; enough for trees of three
// levels. `check` after each part. Then readers beside a writer: they must always find what is there all the time.
//
// HEIRLOOM_SEED replays the sequences.
#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "table/table.hpp"
#include "table/table_fixture.hpp"
#include "table/tree.hpp"

namespace heirloom::table {
namespace {

using namespace literals;

std::uint64_t seed() {
  const char* text = std::getenv("HEIRLOOM_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20261125;
}

struct Before {
  bool operator()(const Term& left, const Term& right) const { return compare(left, right) < 0; }
};
using Model = std::map<Term, Term, Before>;  // key to object

class OrderedSetTest : public ::testing::Test {
 protected:
  OrderedSetTest() : attachment_(node_.attach()) {
    SegmentOptions options = public_table();
    options.type = TableType::ordered_set;
    node_.create(options);
    table_ = node_.open("1", attachment_);
  }
  ~OrderedSetTest() override { check(); }

  void check() {
    const CheckReport report = table_->check();
    EXPECT_TRUE(report.ok) << report.findings.front();
    EXPECT_EQ(report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes,
              report.allocated_bytes);
  }
  void insert(const Term& object) { table_->insert(kCaller, {&object, 1}); }
  void erase(const Term& key) { table_->take(kCaller, key, false); }
  [[nodiscard]] std::vector<Term> keys() const {
    std::vector<Term> keys;
    for (auto key = table_->first(kCaller); key; key = table_->next(kCaller, *key)) keys.push_back(*key);
    return keys;
  }

  TestNode node_;
  shm::Attachment attachment_;
  std::shared_ptr<Table> table_;
};

using Terms = std::vector<Term>;

TEST_F(OrderedSetTest, IsInTheOrderOfTerms) {
  for (const char* key : {"<<\"b\">>", "[]", "b", "2", "{1}", "1.5", "#{}", "a", "1", "[a]", "{}"})
    insert(tuple({parse(key)}));
  Terms expected;
  for (const char* key : {"1", "1.5", "2", "a", "b", "{}", "{1}", "#{}", "[]", "[a]", "<<\"b\">>"})
    expected.push_back(parse(key));
  EXPECT_EQ(keys(), expected);
  Terms back;
  for (auto key = table_->first(kCaller, Direction::down); key; key = table_->next(kCaller, *key, Direction::down))
    back.push_back(*key);
  EXPECT_EQ(back, Terms(expected.rbegin(), expected.rend()));
}

TEST_F(OrderedSetTest, TakesEqualNumbersForOneKey) {
  insert({1, "integer"});
  insert({1.0, "float"});
  EXPECT_EQ(table_->size(), 1U);
  EXPECT_EQ(table_->tab2list(kCaller), (Terms{{1.0, "float"}})) << "insert replaces the key, too";
  EXPECT_EQ(table_->lookup(kCaller, Term(1))[0], (Term{1.0, "float"}));
  const ElementUpdate update{2, Term("updated")};
  EXPECT_TRUE(table_->update_element(kCaller, Term(1), {&update, 1}, nullptr));
  EXPECT_EQ(table_->tab2list(kCaller), (Terms{{1.0, "updated"}})) << "update_element keeps it";
  table_->delete_object(kCaller, {1, "updated"});
  EXPECT_EQ(table_->size(), 1U) << "delete_object wants the same object";
  table_->delete_object(kCaller, {1.0, "updated"});
  EXPECT_EQ(table_->size(), 0U);
}

TEST_F(OrderedSetTest, FindsWhatIsBehindAKeyThatIsNotThere) {
  for (int key = 0; key < 1000; key += 10) insert({key});
  EXPECT_EQ(table_->next(kCaller, Term(5)), Term(10));
  EXPECT_EQ(table_->next(kCaller, Term(5), Direction::down), Term(0));
  EXPECT_EQ(table_->next(kCaller, Term(-1)), Term(0));
  EXPECT_EQ(table_->next(kCaller, Term(-1), Direction::down), std::nullopt);
  EXPECT_EQ(table_->next(kCaller, Term(990)), std::nullopt);
  EXPECT_EQ(table_->next(kCaller, Term("z"_atom), Direction::down), Term(990));
  EXPECT_EQ(table_->next(kCaller, Term("an atom that no object has"_atom)), std::nullopt);
}

TEST_F(OrderedSetTest, NumbersItsObjectsBySlots) {
  EXPECT_EQ(table_->slot(kCaller, 0), std::nullopt);
  for (int key = 0; key < 2500; ++key) insert({key});
  EXPECT_EQ(table_->slot(kCaller, 0), Terms{Term{0}});
  EXPECT_EQ(table_->slot(kCaller, 2499), Terms{Term{2499}});
  EXPECT_EQ(table_->slot(kCaller, 2500), std::nullopt);
  EXPECT_THROW(static_cast<void>(table_->slot(kCaller, 2501)), Error);
}

TEST_F(OrderedSetTest, OfAnInsertOfSeveralTheLastOfAKeyCounts) {
  const Terms objects{{2, "a"}, {1, "b"}, {2.0, "c"}, {1, "d"}};
  table_->insert(kCaller, objects);
  EXPECT_EQ(table_->tab2list(kCaller), (Terms{{1, "d"}, {2.0, "c"}}));
  const Terms more{{3, "e"}, {2, "f"}};
  EXPECT_FALSE(table_->insert_new(kCaller, more));
  EXPECT_EQ(table_->size(), 2U);
}

TEST_F(OrderedSetTest, AscendingKeysFillTheirLeaves) {
  constexpr int kKeys = 31 * 100;
  for (int key = 0; key < kKeys; ++key) insert({key});
  const CheckReport report = table_->check();
  const std::uint64_t nodes = report.live_bytes - kKeys * 16;
  EXPECT_LT(nodes, 140 * sizeof(Leaf)) << "100 full leaves, what leads to them, and magazines";
}

TEST_F(OrderedSetTest, GivesItsNodesBack) {
  for (int round = 0; round < 2; ++round) {
    for (int key = 0; key < 20000; ++key) insert({{"a key of a long prefix", key}, "value"});
    check();
    for (int key = 0; key < 20000; ++key) erase({"a key of a long prefix", key * 7919 % 20000});
    const CheckReport report = table_->check();
    ASSERT_TRUE(report.ok) << report.findings.front();
    EXPECT_EQ(report.objects, 0U);
    EXPECT_LT(report.live_bytes, 300000U) << "one leaf, and magazines; the leaves had 500 KB";
  }
}

TEST_F(OrderedSetTest, IsUsableWhenItIsFull) {
  SegmentOptions options = public_table("small");
  options.type = TableType::ordered_set;
  options.max_bytes = std::uint64_t{1} << 20;
  node_.create(options);
  table_ = node_.open("small", attachment_);
  int count = 0;
  const auto fill = [&] {
    try {
      for (;; ++count) insert({count * 7919 % 100003, count});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::full);
    }
  };
  fill();
  check();
  const int filled = count;
  ASSERT_GT(filled, 5000);
  for (int number = 0; number < filled; number += 2) erase(Term(number * 7919 % 100003));
  EXPECT_EQ(table_->size(), static_cast<std::uint64_t>(filled / 2));
  check();
  // A key between two others without a hole needs a leaf more: here and there one is refused.
  for (int number = 0; number < filled; number += 2) {
    try {
      insert({number * 7919 % 100003, -1});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::full);
    }
  }
  EXPECT_GT(table_->size(), static_cast<std::uint64_t>(filled * 95 / 100)) << "what was deleted fits again";
  check();
  table_->delete_all_objects(kCaller);
  count = 0;
  fill();
  EXPECT_GT(count, filled * 9 / 10);
}

// -- against the model --

// Keys that meet now and then, all of one family.
using MakeKey = Term (*)(std::uint64_t number);
struct Family {
  const char* name;
  MakeKey key;
};
const Family kFamilies[] = {
    {"Integers", [](std::uint64_t n) { return Term(static_cast<std::int64_t>(n)); }},
    {"Numbers",
     [](std::uint64_t n) {
       const auto value = static_cast<std::int64_t>(n / 2) - 500;
       return n % 2 == 0 ? Term(value) : Term(static_cast<double>(value) / (n % 3 == 0 ? 1 : 4));
     }},
    {"PairsOfOneAtom",
     [](std::uint64_t n) {
       return Term{"user"_atom, static_cast<std::int64_t>(n)};
     }},
    {"TextsOfOneBeginning", [](std::uint64_t n) { return Term("the same beginning of all " + std::to_string(n)); }},
    {"BeyondAnyPrefix", [](std::uint64_t n) { return Term((std::uint64_t{1} << 63) + n); }},
    {"OfAllKinds",
     [](std::uint64_t n) -> Term {
       const auto value = static_cast<std::int64_t>(n / 6);
       switch (n % 6) {
         case 0: return Term(value);
         case 1: return Term(Atom("atom" + std::to_string(value % 100)));
         case 2: return Term(std::string(static_cast<std::size_t>(value % 300), 'x'));
         case 3: return {value % 7, value};
         case 4: return list({value % 5, "b"_atom, value});
         default: return Term(static_cast<double>(value) + 0.5);
       }
     }},
};

class OrderedSetModel : public OrderedSetTest, public ::testing::WithParamInterface<Family> {
 protected:
  Term key() { return GetParam().key(random_() % range_); }
  Term object() { return {key(), static_cast<std::int64_t>(random_() % 1000), std::string(random_() % 40, 'o')}; }

  void step() {
    const Term key = this->key();
    switch (random_() % 14) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        const Term object = this->object();
        insert(object);
        put(object);
        break;
      }
      case 5: {
        const Objects taken = table_->take(kCaller, key);
        const auto there = model_.find(key);
        ASSERT_EQ(taken.size(), there == model_.end() ? 0U : 1U);
        if (there != model_.end()) {
          ASSERT_EQ(taken[0], there->second);
          model_.erase(there);
        }
        break;
      }
      case 6:
      case 7:
        if (shrinks_ || random_() % 2 == 0) {
          erase(key);
          model_.erase(key);
        }
        break;
      case 8: {
        Terms objects;
        for (std::uint64_t count = random_() % 60; count != 0; --count) objects.push_back(object());
        const bool fresh = random_() % 2 == 0;
        bool present = false;
        for (const Term& object : objects) present = present || model_.contains(Term(object.element(1)));
        if (fresh) {
          ASSERT_EQ(table_->insert_new(kCaller, objects), !present || objects.empty());
          if (present) break;
        } else {
          table_->insert(kCaller, objects);
        }
        for (const Term& object : objects) put(object);
        break;
      }
      case 9: {
        const Term none = {0, 0, ""};
        const CounterUpdate update{.position = 2, .increment = 7};
        const Term sum = table_->update_counter(kCaller, key, {&update, 1}, &none).front();
        auto there = model_.find(key);
        if (there == model_.end()) there = model_.emplace(key, Term{key, 0, ""}).first;
        const Term old = there->second;
        there->second = {Term(old.element(1)), old.element(2).as_int64() + 7, Term(old.element(3))};
        ASSERT_EQ(sum, Term(there->second.element(2)));
        break;
      }
      case 10: {
        const auto there = model_.find(key);
        if (there == model_.end()) break;
        const Term object = there->second;
        table_->delete_object(kCaller, object);
        model_.erase(there);
        break;
      }
      default: look(key); break;
    }
  }

  void put(const Term& object) {
    const Term key(object.element(1));
    model_.erase(key);
    model_.emplace(key, object);
  }

  void look(const Term& key) {
    const auto there = model_.find(key);
    const Objects found = table_->lookup(kCaller, key);
    ASSERT_EQ(found.size(), there == model_.end() ? 0U : 1U) << to_string(key);
    ASSERT_EQ(table_->member(kCaller, key), there != model_.end());
    if (there != model_.end()) {
      ASSERT_EQ(found[0], there->second);
    }
    const auto behind = model_.upper_bound(key);
    ASSERT_EQ(table_->next(kCaller, key), behind == model_.end() ? std::nullopt : std::optional(behind->first));
    const auto from = model_.lower_bound(key);
    const auto before = from == model_.begin() ? std::nullopt : std::optional(std::prev(from)->first);
    ASSERT_EQ(table_->next(kCaller, key, Direction::down), before) << to_string(key);
  }

  void compare_all() {
    Terms expected;
    for (const auto& [key, object] : model_) expected.push_back(object);
    ASSERT_EQ(table_->tab2list(kCaller), expected);
    ASSERT_EQ(table_->size(), expected.size());
    check();
  }

  std::mt19937_64 random_{seed()};
  Model model_;
  std::uint64_t range_ = 0;
  bool shrinks_ = false;
};

TEST_P(OrderedSetModel, AgreesAfterEachStep) {
  for (const std::uint64_t range : {10U, 200U, 4000U}) {
    range_ = range;
    for (int part = 0; part < 6; ++part) {
      shrinks_ = part % 2 == 1;
      for (int i = 0; i < 1500; ++i) {
        step();
        if (HasFatalFailure()) return;
      }
      compare_all();
      if (HasFatalFailure()) return;
    }
    table_->delete_all_objects(kCaller);
    model_.clear();
    compare_all();
  }
}

TEST_P(OrderedSetModel, AgreesWithKeysThatAscendAndDescend) {
  range_ = 1;
  constexpr std::uint64_t kKeys = 5000;
  const auto insert_number = [&](std::uint64_t number) {
    const Term object{GetParam().key(number), static_cast<std::int64_t>(number)};
    insert(object);
    put(object);
  };
  for (std::uint64_t i = 0; i < kKeys; ++i) insert_number(i);
  compare_all();
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    if (i % 7 == 0) continue;
    erase(GetParam().key(i));
    model_.erase(GetParam().key(i));
  }
  compare_all();
  for (std::uint64_t i = kKeys; i-- > 0;) insert_number(i);
  compare_all();
  for (std::uint64_t i = kKeys; i-- > 0;) {
    erase(GetParam().key(i));
    model_.erase(GetParam().key(i));
  }
  compare_all();
}

INSTANTIATE_TEST_SUITE_P(Keys, OrderedSetModel, ::testing::ValuesIn(kFamilies),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

// -- readers beside a writer --

// Keys that are a multiple of three are there all the time; the writer makes others come and go, so that leaves are copied,
// split and merged around them.
class OrderedSetReaders : public OrderedSetTest, public ::testing::WithParamInterface<bool> {
 protected:
  static constexpr int kKeys = 3000;
  // With `alike`, all keys have one prefix.
  [[nodiscard]] static Term key(int number) { return GetParam() ? Term{"alike"_atom, number} : Term(number); }
  [[nodiscard]] static int number_of(const TermView& key) {
    return static_cast<int>((GetParam() ? key.element(2) : key).as_int64());
  }

  void write(std::uint64_t random_seed) {
    std::mt19937_64 random(random_seed);
    for (int round = 0; round < 12; ++round) {
      for (int i = 0; i < kKeys; ++i) {
        const int number = static_cast<int>(random() % kKeys);
        if (number % 3 == 0) {
          insert({key(number), static_cast<std::int64_t>(random() % 1000)});
        } else if (round % 2 == 0) {
          insert({key(number), 0});
        } else {
          erase(key(number));
        }
      }
      Terms several;
      for (int i = 0; i < 100; ++i) several.push_back({key(static_cast<int>(random() % kKeys)), -1});
      table_->insert(kCaller, several);
    }
  }
};

TEST_P(OrderedSetReaders, FindWhatIsThereAllTheTime) {
  for (int number = 0; number < kKeys; number += 3) insert({key(number), 0});
  std::atomic<bool> writing{true};
  std::atomic<int> faults{0};
  std::atomic<int> walks{0};
  std::atomic<int> looks{0};
  std::thread walker([&] {
    do {
      const Direction direction = walks % 2 == 0 ? Direction::up : Direction::down;
      int permanent = 0;
      std::optional<int> before;
      std::vector<Term> objects;
      std::optional<Term> bound;
      while (
          !(objects = table_->objects_behind(kCaller, bound ? &*bound : nullptr, {.limit = 50, .direction = direction}))
               .empty()) {
        for (const Term& found : objects) {
          const int number = number_of(found.element(1));
          if (before && (direction == Direction::up ? number <= *before : number >= *before)) ++faults;
          before = number;
          permanent += number % 3 == 0 ? 1 : 0;
        }
        bound = Term(objects.back().element(1));
      }
      if (permanent != kKeys / 3) ++faults;
      ++walks;
    } while (writing);
  });
  std::thread looker([&] {
    std::mt19937_64 random(7);
    do {
      const int number = static_cast<int>(random() % (kKeys / 3)) * 3;
      const Objects found = table_->lookup(kCaller, key(number));
      if (found.size() != 1 || number_of(found[0].element(1)) != number) ++faults;
      const auto next = table_->next(kCaller, key(number));
      if (number + 3 < kKeys && (!next || number_of(*next) <= number || number_of(*next) > number + 3)) ++faults;
      ++looks;
    } while (writing);
  });
  write(seed());
  writing = false;
  walker.join();
  looker.join();
  EXPECT_EQ(faults, 0);
  EXPECT_GT(walks, 0);
  EXPECT_GT(looks, 0);
}

INSTANTIATE_TEST_SUITE_P(Keys, OrderedSetReaders, ::testing::Bool(),
                         [](const auto& param_info) { return std::string(param_info.param ? "Alike" : "Integers"); });

}  // namespace
}  // namespace heirloom::table
