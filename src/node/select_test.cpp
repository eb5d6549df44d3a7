// SPDX-License-Identifier: Apache-2.0
//
// select and its sisters on each type of table, as a program calls them: whole, in chunks, in steps, and while others write. What
// specifications say is the business of src/match; that all of it is as in Erlang that of tests/oracle.
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "base/error_fixture.hpp"
#include "node/each_type_fixture.hpp"

namespace heirloom::node {
namespace {

using namespace literals;
using Terms = std::vector<Term>;

const MatchSpec& everything() {
  static const MatchSpec spec(parse("[{'_',[],['$_']}]"));
  return spec;
}
const MatchSpec& odd_keys() {
  static const MatchSpec spec(parse("[{{'$1','_'},[{'=:=',{'rem','$1',2},1}],['$1']}]"));
  return spec;
}
MatchSpec odd_is_true() { return MatchSpec(parse("[{{'$1','_'},[],[{'=:=',{'rem','$1',2},1}]}]")); }

Terms sorted(Terms terms) {
  std::stable_sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return compare(a, b) < 0; });
  return terms;
}

class Select : public EachTypeTest {
 protected:
  // All chunks of a selection; what is done between them.
  template <typename Between>
  Terms in_chunks(std::optional<Chunk> chunk, std::size_t limit, Between between) {
    Terms all;
    while (chunk) {
      EXPECT_LE(chunk->matches.size(), limit);
      EXPECT_FALSE(chunk->matches.empty());
      EXPECT_TRUE(chunk->rest ? chunk->matches.size() == limit : true);
      all.insert(all.end(), chunk->matches.begin(), chunk->matches.end());
      between();
      chunk = chunk->rest ? table_.select(*chunk->rest) : std::nullopt;
    }
    return all;
  }
};

TEST_P(Select, FindsWhatTheSpecificationSays) {
  EXPECT_TRUE(table_.select(everything()).empty());
  fill(1000);
  EXPECT_EQ(table_.select(everything()), table_.tab2list());
  EXPECT_EQ(table_.select(odd_keys()).size(), 500 * objects_a_key());
  EXPECT_EQ(table_.select_count(odd_is_true()), 500 * objects_a_key());
  EXPECT_EQ(table_.select_count(odd_keys()), 0U);
  EXPECT_EQ(table_.match({17, "$1"_atom}).front(), list({Term("first")}));
  EXPECT_EQ(table_.match_object({17, "_"_atom}).size(), objects_a_key());
  EXPECT_TRUE(table_.select(parse("[{{'$1',second,third},[],['$1']}]")).empty());
}

TEST_P(Select, IsInTheOrderOfAnOrderedSet) {
  fill(1000);
  Terms backwards = table_.select_reverse(everything());
  if (!is_ordered()) {
    EXPECT_EQ(backwards, table_.select(everything()));
    return;
  }
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(backwards, table_.select(everything()));
  EXPECT_EQ(backwards, sorted(backwards));
}

TEST_P(Select, ComesInChunks) {
  fill(1000);
  for (const std::size_t limit : {1U, 7U, 100U, 500U, 10'000U}) {
    EXPECT_EQ(in_chunks(table_.select(odd_keys(), limit), limit, [] {}), table_.select(odd_keys())) << limit;
    EXPECT_EQ(in_chunks(table_.select_reverse(odd_keys(), limit), limit, [] {}), table_.select_reverse(odd_keys()));
  }
  EXPECT_EQ(code_of([&] { static_cast<void>(table_.select(odd_keys(), 0)); }), ErrorCode::badarg);
}

// The chunk rule: as many as were asked for come with a continuation, though nothing may be behind them.
TEST_P(Select, TellsTheEndOnlyWhenItIsMet) {
  fill(10);
  const std::size_t all = 10 * objects_a_key();
  const auto whole = table_.select(everything(), all);
  ASSERT_TRUE(whole && whole->rest);
  EXPECT_FALSE(table_.select(*whole->rest));
  EXPECT_FALSE(table_.select(everything(), all + 1)->rest);
  EXPECT_FALSE(table_.select(parse("[{{none,'_'},[],[1]}]"), 1));
  // A key that is known.
  EXPECT_FALSE(table_.select(parse("[{{3,'_'},[],['$_']}]"), objects_a_key())->rest);
}

TEST_P(Select, GoesOnWhateverHappensInBetween) {
  fill(2000);
  int key = 0;
  const auto change = [&] {
    table_.insert({10'000 + key, "new"});
    table_.erase(2 * key);  // an even one: no odd key comes or goes
    ++key;
  };
  const Terms found = in_chunks(table_.select(odd_keys(), 10), 10, change);
  std::map<std::int64_t, std::size_t> times;
  for (const Term& each : found) ++times[each.as_int64()];
  for (int odd = 1; odd < 2000; odd += 2) ASSERT_EQ(times[odd], objects_a_key()) << odd;
}

TEST_P(Select, AContinuationIsAValue) {
  fill(100);
  const auto first = table_.select(odd_keys(), 10);
  const Continuation rest = *first->rest;
  const Terms once = table_.select(rest)->matches;
  EXPECT_EQ(table_.select(rest)->matches, once);
  const Term stored = rest.to_term();
  table_.insert({"continuation", stored});
  const Continuation again = Continuation::from_term(Term(table_.lookup("continuation").front().element(2)));
  EXPECT_EQ(table_.select(again)->matches, once);
  EXPECT_EQ(again.limit(), 10U);
  const Table other = opened_.create("other"_atom);
  EXPECT_EQ(code_of([&] { static_cast<void>(other.select(rest)); }), ErrorCode::badarg);
  for (const char* none : {"foo", "{}", "{<<\"1\">>,[],0,false,{false,0,0,[]},[]}", "{1,2,3,4,5,6}",
                           "{<<\"1\">>,[{'_',[],['$1']}],1,false,{false,0,0,[]},[]}"})
    EXPECT_EQ(code_of([&] { Continuation::from_term(parse(none)); }), ErrorCode::badarg) << none;
  table_.drop();
  EXPECT_EQ(code_of([&] { static_cast<void>(table_.select(rest)); }), ErrorCode::id);
}

TEST_P(Select, ComesOneByOne) {
  fill(1000);
  Terms all;
  for (const Term& match : table_.each(odd_keys(), 64)) all.push_back(match);
  EXPECT_EQ(all, table_.select(odd_keys()));
  EXPECT_TRUE(table_.each(parse("[{none,[],[1]}]")).begin() == std::default_sentinel);
}

TEST_P(Select, IsDoneInSteps) {
  fill(5000);
  SelectSteps steps = table_.select_in_steps(SelectKind::select, odd_keys());
  Terms all;
  int count = 0;
  for (bool done = false; !done; ++count) {
    done = steps.step(100);
    const Terms some = steps.take_matches();
    EXPECT_LE(some.size(), 200U);
    all.insert(all.end(), some.begin(), some.end());
  }
  EXPECT_GT(count, 40);
  EXPECT_EQ(all, table_.select(odd_keys()));

  SelectSteps counting = table_.select_in_steps(SelectKind::count, odd_is_true());
  while (!counting.step(100)) {
  }
  EXPECT_EQ(counting.count(), 2500 * objects_a_key());

  SelectSteps deleting = table_.select_in_steps(SelectKind::remove, odd_is_true());
  EXPECT_FALSE(deleting.step(100));
  EXPECT_LT(deleting.count(), 300U);
  EXPECT_EQ(table_.size(), 5000 * objects_a_key() - deleting.count());
  while (!deleting.step(100)) {
  }
  EXPECT_EQ(deleting.count(), 2500 * objects_a_key());
  EXPECT_EQ(table_.select_count(odd_is_true()), 0U);
}

TEST_P(Select, AChunkIsFoundInSteps) {
  fill(2000);
  for (const bool takes : {false, true}) {  // before the chunk is whole
    for (const std::size_t limit : {1U, 7U, 100U, 10'000U}) {
      Terms all;
      int steps_made = 0;
      std::optional<Chunk> chunk;
      SelectSteps steps = table_.select_in_steps(SelectKind::select, odd_keys(), limit);
      for (;;) {
        Terms of_chunk;
        for (bool done = false; !done; ++steps_made) {
          done = steps.step(50);
          if (!takes) continue;
          const Terms some = steps.take_matches();
          of_chunk.insert(of_chunk.end(), some.begin(), some.end());
        }
        chunk = steps.take_chunk();
        if (!chunk) break;
        of_chunk.insert(of_chunk.end(), chunk->matches.begin(), chunk->matches.end());
        ASSERT_TRUE(chunk->rest ? of_chunk.size() == limit : of_chunk.size() < limit) << limit;
        all.insert(all.end(), of_chunk.begin(), of_chunk.end());
        if (!chunk->rest) break;
        steps = table_.select_in_steps(*chunk->rest);
      }
      EXPECT_EQ(all, table_.select(odd_keys())) << limit;
      EXPECT_GT(steps_made, 30) << limit;
    }
  }
  // What is left to do it does itself.
  EXPECT_EQ(table_.select_in_steps(SelectKind::select, odd_keys(), 100).take_chunk()->matches,
            table_.select(odd_keys(), 100)->matches);
  EXPECT_FALSE(table_.select_in_steps(SelectKind::select, parse("[{{none,'_'},[],[1]}]"), 1).take_chunk());
  EXPECT_EQ(code_of([&] { static_cast<void>(table_.select_in_steps(SelectKind::select, odd_keys(), 0)); }),
            ErrorCode::badarg);
  EXPECT_EQ(code_of([&] { static_cast<void>(table_.select_in_steps(SelectKind::count, odd_keys(), 1)); }),
            ErrorCode::badarg);
}

TEST_P(Select, DeletesThoseOfWhichItSaysTrue) {
  fill(1000);
  EXPECT_EQ(table_.select_delete(odd_keys()), 0U);
  EXPECT_EQ(table_.select_delete(parse("[{{'$1','_'},[{'<','$1',100}],[true]}]")), 100 * objects_a_key());
  if (is_bag()) {
    EXPECT_EQ(table_.select_delete(parse("[{{'_',<<\"first\">>},[],[true]}]")), 900U);
    EXPECT_EQ(table_.lookup(500).size(), 1U);
  }
  EXPECT_EQ(table_.select_delete(parse("[{{500,'_'},[],[true]}]")), 1U);
  EXPECT_EQ(table_.size(), 899U);
  table_.match_delete({501, "_"_atom});
  EXPECT_EQ(table_.size(), 898U);
  EXPECT_EQ(table_.select_delete(parse("[{'_',[],[true]}]")), 898U);
  EXPECT_EQ(table_.size(), 0U);
  EXPECT_TRUE(table_.check().ok);
}

TEST_P(Select, ReplacesWhatKeepsItsKey) {
  fill(1000);
  const MatchSpec upper(parse("[{{'$1',<<\"first\">>},[{'<','$1',10}],[{{'$1',{'+','$1',1000},more}}]}]"));
  if (GetParam() == TableType::bag) {
    EXPECT_EQ(code_of([&] { table_.select_replace(upper); }), ErrorCode::table_type);
    return;
  }
  EXPECT_EQ(table_.select_replace(upper), 10U);
  EXPECT_EQ(table_.lookup(7).front(), (Term{7, 1007, "more"_atom}));
  if (is_bag()) {
    EXPECT_EQ(table_.lookup(7)[1], (Term{7, "second"}));
  }
  EXPECT_EQ(table_.size(), 1000 * objects_a_key());
  EXPECT_TRUE(table_.check().ok);
  const MatchSpec moves(parse("[{{'$1','_'},[],[{{{'+','$1',0},x}}]}]"));
  EXPECT_EQ(code_of([&] { table_.select_replace(moves); }), ErrorCode::badarg);
  EXPECT_EQ(table_.select_replace(list({})), 0U);
}

TEST_P(Select, IsRefusedByAWrongSpecificationAlsoOfAnEmptyTable) {
  for (const char* spec : {"foo", "[{'_',[],['$1']}]", "[{'_',[]}]", "[{'_',[],[]}]", "[{{'$1'},[{foo}],[1]}|a]"})
    EXPECT_EQ(code_of([&] { static_cast<void>(table_.select(parse(spec))); }), ErrorCode::badarg) << spec;
  EXPECT_TRUE(table_.select(list({})).empty());
}

// What is asked of an object, and what is returned of it, are of one moment, though a counter of it changes all the time.
TEST_P(Select, SeesEachObjectAtOneMoment) {
  if (is_bag()) return;
  for (int key = 0; key < 50; ++key) table_.insert({key, 0, key});
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) {
      for (int key = 0; key < 50; ++key) table_.update_counter(key, 1);
    }
  });
  // The counter is read three times.
  const MatchSpec spec(parse("[{{'$1','$2','_'},[{'=:=',{element,2,'$_'},'$2'}],[{{'$2','$_'}}]}]"));
  for (int round = 0; round < 3000; ++round) {
    const Terms seen = table_.select(spec);
    EXPECT_EQ(seen.size(), 50U);
    for (const Term& each : seen) ASSERT_EQ(each.element(1), each.element(2).element(2)) << each;
  }
  stop = true;
  writer.join();
}

TEST_P(Select, ChangesEachObjectInTheStateThatItWasJudgedIn) {
  if (is_bag()) return;
  for (int key = 0; key < 50; ++key) table_.insert({key, 0});
  constexpr int kRounds = 2000;
  std::thread writer([&] {
    for (int round = 0; round < kRounds; ++round) {
      for (int key = 0; key < 50; ++key) table_.update_counter(key, 2);
    }
  });
  // Adds one: no increment of the other one may be lost in it.
  const MatchSpec one_more(parse("[{{'$1','$2'},[],[{{'$1',{'+','$2',1}}}]}]"));
  for (int round = 0; round < 200; ++round) ASSERT_EQ(table_.select_replace(one_more), 50U);
  writer.join();
  for (int key = 0; key < 50; ++key) ASSERT_EQ(table_.lookup_element(key, 2), Term(2 * kRounds + 200)) << key;
}

TEST_P(Select, ReplacesAllObjectsOfAKey) {
  if (GetParam() != TableType::duplicate_bag) return;
  // A group for twelve is as large as each of them: where the group was that one replaced object left, the next one may lie soon.
  constexpr int kObjects = 12;
  constexpr int kRounds = 300;
  for (int i = 0; i < kObjects; ++i) table_.insert({1, i, std::string(96, static_cast<char>('a' + i))});
  const MatchSpec more(parse("[{{'$1','$2','$3'},[],[{{'$1',{'+','$2',100},'$3'}}]}]"));
  for (int round = 0; round < kRounds; ++round) ASSERT_EQ(table_.select_replace(more), kObjects);
  const Objects objects = table_.lookup(1);
  ASSERT_EQ(objects.size(), kObjects);
  for (int i = 0; i < kObjects; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(objects[at], Term({1, i + 100 * kRounds, std::string(96, static_cast<char>('a' + i))}));
  }
}

TEST_P(Select, FindsWhatIsThereAllTheTimeWhileOthersWrite) {
  fill(500);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int round = 0; !stop; ++round) {
      for (int key = 1000; key < 1400; ++key) table_.insert({key, round});
      table_.select_delete(parse("[{{'$1','_'},[{'>=','$1',1000}],[true]}]"));
    }
  });
  const MatchSpec stays(parse("[{{'$1','_'},[{'<','$1',1000}],['$1']}]"));
  for (int round = 0; round < 200; ++round) ASSERT_EQ(table_.select(stays).size(), 500 * objects_a_key());
  stop = true;
  writer.join();
  EXPECT_TRUE(table_.check().ok);
}

INSTANTIATE_TEST_SUITE_P(OfEachType, Select,
                         testing::Values(TableType::set, TableType::ordered_set, TableType::bag,
                                         TableType::duplicate_bag),
                         [](const auto& type) { return std::string(to_string(type.param)); });

class SelectOfRanges : public NodeDirectoryTest {
 protected:
  SelectOfRanges()
      : opened_(Node::open(node())), table_(opened_.create("table"_atom, {.type = TableType::ordered_set})) {
    for (int a = 0; a < 30; ++a) {
      for (int b = 0; b < 30; ++b) table_.insert({{a, b}, a * b});
    }
  }
  // How many steps of 30 objects it takes.
  int steps_of(const char* spec) {
    SelectSteps steps = table_.select_in_steps(SelectKind::select, MatchSpec(parse(spec)));
    int count = 1;
    while (!steps.step(30)) ++count;
    return count;
  }

  Node opened_;
  Table table_;
};

TEST_F(SelectOfRanges, LooksOnlyAtWhatLiesBetween) {
  EXPECT_EQ(table_.select(parse("[{{{7,'_'},'_'},[],['$_']}]")).size(), 30U);
  EXPECT_EQ(table_.select_reverse(parse("[{{{7,'$1'},'_'},[],['$1']}]")).front(), Term(29));
  EXPECT_GE(steps_of("[{{{'_',7},'_'},[],['$_']}]"), 30);
  EXPECT_LE(steps_of("[{{{7,'_'},'_'},[],['$_']}]"), 2);
  EXPECT_LE(steps_of("[{{{8,'_'},'_'},[],['$_']},{{{7,'_'},'_'},[],['$_']}]"), 3);
  EXPECT_LE(steps_of("[{{{7,8},'_'},[],['$_']},{{{20,'$1'},1},[],['$_']}]"), 16);
  EXPECT_EQ(steps_of("[{{{7,8},'_'},[],['$_']},{{{20,20},'_'},[],['$_']}]"), 1);
}

TEST_F(SelectOfRanges, GoOnInChunks) {
  std::size_t found = 0;
  for (const Term& key : table_.each(parse("[{{{7,'$1'},'_'},[],['$1']}]"), 4))
    EXPECT_EQ(key, Term(static_cast<std::int64_t>(found++)));
  EXPECT_EQ(found, 30U);
}

// Of a table that is compressed objects are not where they lie.
TEST_F(SelectOfRanges, OfACompressedTable) {
  Table packed = opened_.create("packed"_atom, {.compressed = true});
  for (int key = 0; key < 100; ++key) packed.insert({key, list({"a"_atom, Term(key)}), std::string(500, 'x')});
  EXPECT_EQ(packed.select(parse("[{{'$1',[a|'$2'],'_'},[{'>','$1',97}],['$2']}]")).size(), 2U);
  EXPECT_EQ(packed.select_replace(parse("[{{'$1','_','_'},[{'<','$1',2}],[{{'$1',small}}]}]")), 2U);
  EXPECT_EQ(packed.select_delete(parse("[{{'_',small},[],[true]}]")), 2U);
  EXPECT_EQ(packed.size(), 98U);
}

}  // namespace
}  // namespace heirloom::node
