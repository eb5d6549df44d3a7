// SPDX-License-Identifier: Apache-2.0
//
// What goes through a table: ranges, folds, slots, keys with their objects; and the calls of ETS that are made of others. Each on
// each type of table.
#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "base/error_fixture.hpp"
#include "node/each_type_fixture.hpp"

namespace heirloom::node {
namespace {

using namespace literals;
using Terms = std::vector<Term>;

class Traversal : public EachTypeTest {};

TEST_P(Traversal, OfAnEmptyTable) {
  EXPECT_EQ(table_.first(), std::nullopt);
  EXPECT_FALSE(table_.first_lookup());
  EXPECT_TRUE(table_.begin() == table_.end());
  EXPECT_EQ(table_.slot(0), std::nullopt);
  EXPECT_EQ(table_.foldl([](const Term&, int count) { return count + 1; }, 0), 0);
}

TEST_P(Traversal, MeetsEachObjectOnce) {
  fill(1000);
  const Terms all = table_.tab2list();
  EXPECT_EQ(all.size(), 1000 * objects_a_key());
  EXPECT_EQ(Terms(table_.foldl([](const Term& object, Terms seen) { return seen.push_back(object), seen; }, Terms())),
            all);
  Terms seen;
  for (const Term& object : table_) seen.push_back(object);
  EXPECT_EQ(seen, all);
  Terms slots;
  std::uint64_t number = 0;
  for (auto objects = table_.slot(number); objects; objects = table_.slot(++number))
    slots.insert(slots.end(), objects->begin(), objects->end());
  EXPECT_TRUE(std::is_permutation(slots.begin(), slots.end(), all.begin(), all.end()));
  EXPECT_THROW(static_cast<void>(table_.slot(number + 1)), Error);
  std::size_t keys = 0;
  for (auto each = table_.first_lookup(); each; each = table_.next_lookup(each->key), ++keys) {
    EXPECT_EQ(each->objects.size(), objects_a_key());
    EXPECT_EQ(Term(each->objects.front().element(1)), each->key);
  }
  EXPECT_EQ(keys, 1000U);
}

TEST_P(Traversal, FoldsTheObjectsOfAKeyFromBothEnds) {
  fill(50);
  const auto append = [](const Term& object, Terms seen) { return seen.push_back(object), seen; };
  const Terms left = table_.foldl(append, Terms());
  Terms right = table_.foldr(append, Terms());
  if (is_bag()) {
    for (std::size_t i = 0; i < right.size(); i += 2) std::swap(right[i], right[i + 1]);
  }
  if (is_ordered()) std::reverse(right.begin(), right.end());
  EXPECT_EQ(left, right) << "key by key in the same order, or back";
}

TEST_P(Traversal, HasNoOtherWayBack) {
  if (is_ordered()) return;
  fill(3);
  EXPECT_EQ(table_.last(), table_.first());
  EXPECT_EQ(table_.prev(*table_.first()), table_.next(*table_.first()));
  EXPECT_EQ(table_.last_lookup()->key, table_.first());
  EXPECT_EQ(table_.prev_lookup(*table_.first())->key, table_.next(*table_.first()));
  EXPECT_THROW(static_cast<void>(table_.next(99)), Error);
  EXPECT_THROW(static_cast<void>(table_.next_lookup("no such atom"_atom)), Error);
}

// Those that are there all the time, once each, whatever comes, goes and grows meanwhile.
TEST_P(Traversal, MeetsEachObjectOnceWhileTheTableGrowsAndShrinks) {
  fill(500);
  std::multiset<std::int64_t> seen;
  int next = 1000;
  for (const Term& object : table_) {
    const std::int64_t key = object.element(1).as_int64();
    if (key < 500) seen.insert(key);
    // In an order, what always comes behind would never end.
    const int sign = is_ordered() ? -1 : 1;
    for (int i = 0; i < 3; ++i) table_.insert({sign * next++, "new"});
    if (key >= 250) table_.erase(key);  // the one just met, and some not met yet
    table_.erase(sign * (next - 5));
  }
  for (std::int64_t key = 0; key < 250; ++key) EXPECT_EQ(seen.count(key), objects_a_key()) << key;
  for (std::int64_t key = 250; key < 500; ++key) EXPECT_LE(seen.count(key), objects_a_key()) << key;
  EXPECT_TRUE(table_.check().ok);
}

TEST_P(Traversal, InitTableReplacesAllObjects) {
  fill(10);
  int left = 3;
  table_.init_table([&]() -> std::optional<Terms> {
    if (left == 0) return std::nullopt;
    --left;
    return Terms{{left, "a"}, {left + 10, "b"}};
  });
  EXPECT_EQ(table_.size(), 6U);
  EXPECT_THROW(table_.init_table([]() -> std::optional<Terms> { throw std::runtime_error("the source is gone"); }),
               std::runtime_error);
  EXPECT_EQ(table_.size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Types, Traversal,
                         ::testing::Values(TableType::set, TableType::ordered_set, TableType::bag,
                                           TableType::duplicate_bag),
                         [](const auto& type) { return std::string(to_string(type.param)); });

class OrderedTraversal : public NodeDirectoryTest {
 protected:
  OrderedTraversal()
      : opened_(Node::open(node())), table_(opened_.create("table"_atom, {.type = TableType::ordered_set})) {}
  Node opened_;
  Table table_;
};

TEST_F(OrderedTraversal, GoesBothWays) {
  for (int key = 0; key < 500; ++key) table_.insert({key * 7 % 500, key});
  int expected = 0;
  for (const Term& object : table_) EXPECT_EQ(object.element(1).as_int64(), expected++);
  EXPECT_EQ(expected, 500);
  EXPECT_EQ(table_.last(), Term(499));
  EXPECT_EQ(table_.last_lookup()->objects.front().element(1), Term(499));
  for (auto key = table_.last(); key; key = table_.prev(*key)) EXPECT_EQ(*key, Term(--expected));
  EXPECT_EQ(expected, 0);
  EXPECT_EQ(table_.prev_lookup(7)->key, Term(6));
  EXPECT_EQ(table_.foldr(
                [](const Term& object, std::int64_t before) {
                  EXPECT_LT(object.element(1).as_int64(), before);
                  return object.element(1).as_int64();
                },
                std::int64_t{500}),
            0);
}

TEST_F(OrderedTraversal, BeginsAtAnyKey) {
  for (int key = 0; key < 1000; key += 2) table_.insert({key, key});
  const auto from = [](Table::Iterator place) {
    std::vector<std::int64_t> keys;
    for (; place != std::default_sentinel; ++place) keys.push_back(place->element(1).as_int64());
    return keys;
  };
  for (const int key : {0, 1, 2, 499, 500, 998}) {
    const auto at_least = from(table_.lower_bound(key));
    const auto behind = from(table_.upper_bound(key));
    const int first = key + key % 2;
    ASSERT_EQ(at_least.size(), static_cast<std::size_t>((1000 - first) / 2)) << key;
    EXPECT_EQ(at_least.front(), first);
    EXPECT_EQ(behind.size(), at_least.size() - (key % 2 == 0 ? 1 : 0)) << key;
  }
  EXPECT_EQ(from(table_.lower_bound(6.0)).front(), 6) << "1 and 1.0 are one key";
  EXPECT_EQ(from(table_.lower_bound(999)), std::vector<std::int64_t>());
  EXPECT_EQ(from(table_.lower_bound("a"_atom)), std::vector<std::int64_t>());
  const Table set = opened_.create("set"_atom);
  EXPECT_EQ(code_of([&] { static_cast<void>(set.lower_bound(1)); }), ErrorCode::table_type);
  EXPECT_EQ(code_of([&] { static_cast<void>(set.upper_bound(1)); }), ErrorCode::table_type);
}

TEST_F(OrderedTraversal, FindsTheNeighboursOfAnyKey) {
  for (const int key : {10, 20, 30}) table_.insert({key});
  EXPECT_EQ(table_.next(20.0), Term(30)) << "20.0 is 20 here";
  EXPECT_EQ(table_.next(19.5), Term(20));
  EXPECT_EQ(table_.prev(20.5), Term(20));
  EXPECT_EQ(table_.next("an atom that is nowhere"_atom), std::nullopt);
  EXPECT_EQ(table_.prev("an atom that is nowhere"_atom), Term(30));
  EXPECT_EQ(table_.slot(1), (Terms{Term{20}}));
}

// ets:update_element/4, from OTP 27 on.
class UpdateElementWithDefault : public NodeDirectoryTest {
 protected:
  UpdateElementWithDefault() : opened_(Node::open(node())), table_(opened_.create("table"_atom, {.keypos = 2})) {}
  ErrorCode code_of(const Term& default_object, const ElementUpdate& update) {
    try {
      table_.update_element("key"_atom, update, default_object);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode{};
  }
  Node opened_;
  Table table_;
};

TEST_F(UpdateElementWithDefault, InsertsWhatIsNotThere) {
  EXPECT_TRUE(table_.update_element("key"_atom, {3, "new"}, Term{"default", "its key is replaced", "old"}));
  EXPECT_EQ(table_.lookup("key"_atom).one(), Term({"default", "key"_atom, "new"}));
  EXPECT_TRUE(table_.update_element("key"_atom, {1, "again"}, Term{"other", 0}));
  EXPECT_EQ(table_.lookup("key"_atom).one(), Term({"again", "key"_atom, "new"}));
  EXPECT_TRUE(table_.update_element(7, std::vector<ElementUpdate>(), Term{"default", 0}));
  EXPECT_EQ(table_.lookup(7).one(), Term({"default", 7}));
}

TEST_F(UpdateElementWithDefault, RefusesADefaultThatCannotBeInserted) {
  const Term no_tuple("text");
  const Term too_short{1};
  EXPECT_EQ(code_of(no_tuple, {1, 1}), ErrorCode::badarg);
  EXPECT_EQ(code_of(too_short, {1, 1}), ErrorCode::badarg);
  EXPECT_EQ(code_of({1, 2}, {2, 1}), ErrorCode::keypos);
  EXPECT_EQ(code_of({1, 2}, {3, 1}), ErrorCode::position);
  EXPECT_EQ(table_.size(), 0U);
  table_.insert({1, "key"_atom});
  EXPECT_EQ(code_of(no_tuple, {1, 1}), ErrorCode::badarg) << "also when the key is there";
  EXPECT_EQ(code_of(too_short, {1, 1}), ErrorCode{}) << "only when the key is absent";
}

// Funs carry atoms, which have other numbers in other programs: `check` knows whether those of the table were stored.
TEST_F(UpdateElementWithDefault, FunsKeepTheirAtoms) {
  const Term fun = parse("fun 'a module':'of this test'/3");
  table_.insert({fun, 1});
  EXPECT_EQ(table_.lookup(1).one(), Term({fun, 1}));
  EXPECT_TRUE(table_.check().ok);
}

}  // namespace
}  // namespace heirloom::node
