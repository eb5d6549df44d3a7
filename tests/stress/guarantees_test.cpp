// SPDX-License-Identifier: Apache-2.0
//
// What ETS promises to those who use a table at the same time, row by row, with several processes on tables of each type
// (docs/ets-semantics.md, "At the same time"). Each test is made so that a half would be seen: writers keep a rule that holds before
// and after each of their calls, and never in the middle of one; readers look whether it holds.
#include <sys/wait.h>

#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "players.hpp"
#include "workers.hpp"

namespace heirloom::stress {
namespace {

using namespace literals;
using ::testing::IsEmpty;

using Stage = Players::Stage;
using Roles = std::vector<Players::Role>;

constexpr int kKeys = 20;

void require(bool rule, const std::string& broken) {
  if (!rule) throw std::runtime_error(broken);
}

std::int64_t some(Stage& stage, std::int64_t below) {
  return static_cast<std::int64_t>(stage.random() % static_cast<std::uint64_t>(below));
}

class Guarantees : public ::testing::TestWithParam<TableType> {
 protected:
  Guarantees() {
    char path[] = "/dev/shm/heirloom-guarantees-XXXXXX";
    directory_ = ::mkdtemp(path);
  }
  ~Guarantees() override {
    table_.reset();
    node_.reset();
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] static bool is_bag() { return GetParam() == TableType::bag || GetParam() == TableType::duplicate_bag; }

  // Forks before this process opens the node. `prepare` fills the table.
  void play(Roles roles, const std::function<void()>& prepare = {}, const std::function<void()>& meanwhile = {},
            const TableOptions& options = {.type = GetParam(), .protection = Protection::public_access}) {
    players_.emplace(std::move(roles));
    node_.emplace(Node::open(directory_));
    table_.emplace(node_->create("table"_atom, options));
    if (prepare) prepare();
    players_->play(directory_, seconds_, meanwhile);
    EXPECT_THAT(players_->failures(), IsEmpty());
    const CheckReport report = table_->check();
    EXPECT_THAT(report.findings, IsEmpty());
    EXPECT_EQ(report.objects, table_->size());
  }

  double seconds_ = seconds() / 8;
  std::string directory_;
  std::optional<Players> players_;
  std::optional<Node> node_;
  std::optional<Table> table_;
};

class GuaranteesOfSets : public Guarantees {};  // which have counters, and overwrite
class GuaranteesOfBags : public Guarantees {};
class GuaranteesOfDuplicateBags : public Guarantees {};

// ------------------------------------------------------------------------------------- any operation on a single object

Term whole(std::int64_t key, std::int64_t stamp) {
  return {key, stamp, std::string(static_cast<std::size_t>(stamp % 200), 'x'), key * 31 + stamp};
}

void look_at_one(Stage& stage) {
  for (const Term& object : stage.table.lookup(some(stage, kKeys))) {
    require(object == whole(object.element(1).as_int64(), object.element(2).as_int64()), "torn: " + to_string(object));
  }
}

TEST_P(Guarantees, AnObjectIsReadWhole) {
  const auto write = [](Stage& stage) {
    const std::int64_t key = some(stage, kKeys);
    if (some(stage, 4) == 0) stage.table.erase(key);
    stage.table.insert(whole(key, some(stage, 1000)));
  };
  play({write, write, look_at_one, look_at_one});
}

TEST_P(GuaranteesOfSets, CountersOfSeveralProcessesAddUp) {
  const auto count = [](Stage& stage) {
    stage.table.update_counter(some(stage, kKeys), {.position = 2, .increment = 1}, Term{0, 0});
    stage.counters.values[0].fetch_add(1);
  };
  play({count, count, count});
  std::uint64_t sum = 0;
  for (const Term& object : *table_) sum += object.element(2).as_uint64();
  EXPECT_EQ(sum, players_->counted(0));
}

// --------------------------------------------------------------------------------------------------- operations on one key

TEST_P(Guarantees, AKeyIsTakenByOneOfThoseWhoTry) {
  const auto give = [](Stage& stage) {
    if (stage.table.insert_new({some(stage, kKeys), "here"_atom})) stage.counters.values[0].fetch_add(1);
  };
  const auto take = [](Stage& stage) {
    stage.counters.values[1].fetch_add(stage.table.take(some(stage, kKeys)).size());
  };
  play({give, give, take, take});
  EXPECT_GT(players_->counted(1), 0U);
  EXPECT_EQ(players_->counted(0), players_->counted(1) + table_->size());
}

// All objects of a key come and go at once, each time with another stamp.
constexpr int kObjectsAKey = 8;

void look_at_all_of_a_key(Stage& stage) {
  const std::int64_t key = some(stage, kKeys);
  const Objects objects = stage.table.lookup(key);
  require(objects.empty() || objects.size() == kObjectsAKey,
          "some objects of a key: " + std::to_string(objects.size()));
  for (const Term& object : objects) require(object.element(2) == objects[0].element(2), "objects of two moments");
  try {
    const Term stamps = stage.table.lookup_element(key, 2);
    require(stamps.size() == kObjectsAKey, "some elements of a key");
    for (const TermView stamp : stamps.elements()) require(stamp == stamps[0], "elements of two moments");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::badkey) throw;
  }
}

TEST_P(GuaranteesOfBags, TheObjectsOfAKeyComeAndGoAtOnce) {
  const auto write = [](Stage& stage) {
    const std::int64_t key = some(stage, kKeys);
    const auto stamp = static_cast<std::int64_t>(stage.counters.values[0].fetch_add(1));
    std::vector<Term> objects;
    for (int i = 0; i < kObjectsAKey; ++i) objects.push_back({key, stamp, i});
    if (stage.table.insert_new(objects)) return;
    if (some(stage, 2) == 0) return stage.table.erase(key);
    const auto taken = stage.table.take(key).size();
    require(taken == 0 || taken == kObjectsAKey, "took some objects of a key");
  };
  play({write, write, look_at_all_of_a_key, look_at_all_of_a_key});
}

TEST_P(GuaranteesOfDuplicateBags, DeleteObjectTakesAllCopiesAtOnce) {
  const auto write = [](Stage& stage) {
    const Term object{some(stage, kKeys), "copy"_atom};
    if (some(stage, 2) == 0) return stage.table.delete_object(object);
    stage.table.insert_new(std::vector<Term>(kObjectsAKey, object));
  };
  const auto read = [](Stage& stage) {
    const auto copies = stage.table.lookup(some(stage, kKeys)).size();
    require(copies == 0 || copies == kObjectsAKey, std::to_string(copies) + " copies are left");
  };
  play({write, write, read, read});
}

// ---------------------------------------------------------------------------------- insert and insert_new of several objects

constexpr int kMany = 1000;

std::vector<Term> many(std::int64_t stamp) {
  std::vector<Term> objects;
  for (int key = 0; key < kMany; ++key) objects.push_back({key, stamp});
  return objects;
}

std::int64_t stamp_at(const Table& table, std::int64_t key) {
  const Objects found = table.lookup(key);
  return found.empty() ? -1 : found[found.size() - 1].element(2).as_int64();
}

// Whoever reads one key and then another one sees the state of the first, or a later one.
void look_at_two_of_many(Stage& stage) {
  const std::int64_t first = stamp_at(stage.table, some(stage, kMany));
  const std::int64_t second = stamp_at(stage.table, some(stage, kMany));
  require(second >= first, "read " + std::to_string(first) + " and then " + std::to_string(second));
}

TEST_P(Guarantees, AnInsertOfSeveralIsSeenAsAWholeAndOneAfterAnother) {
  // In a bag, objects of all stamps stay; so fewer of them.
  const auto write = [](Stage& stage) {
    if (is_bag() && stage.counters.values[0].load() > 60) return;
    static std::int64_t stamp = 0;
    stage.table.insert(many(++stamp));
    stage.counters.values[0].fetch_add(1);
  };
  play({write, look_at_two_of_many, look_at_two_of_many, look_at_two_of_many});
  EXPECT_GT(players_->counted(0), 1U);
}

void look_at_the_size(Stage& stage) {
  const std::uint64_t size = stage.table.size();
  require(size == 0 || size == kMany, "some of the objects are there: " + std::to_string(size));
}

TEST_P(Guarantees, InsertNewOfSeveralIsDoneByOneOfThoseWhoTry) {
  const auto write = [](Stage& stage) {
    if (some(stage, 3) == 0) return stage.table.delete_all_objects();
    if (stage.table.insert_new(many(some(stage, 1000)))) stage.counters.values[0].fetch_add(1);
  };
  play({write, write, look_at_the_size, look_at_the_size});
  EXPECT_GT(players_->counted(0), 1U);
}

TEST_P(Guarantees, AnInsertOfSeveralWhoseCallerIsKilledIsDoneOrNot) {
  seconds_ /= 4;
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE(round);
    table_.reset();
    node_.reset();
    const auto write = [](Stage& stage) {
      static std::int64_t stamp = 0;
      if (is_bag()) stage.table.delete_all_objects();
      stage.table.insert(many(++stamp));
    };
    play({write, look_at_the_size}, {}, [this, calls = 0]() mutable {
      if (++calls == 300) players_->kill(0);
    });
    std::set<std::int64_t> stamps;
    for (const Term& object : *table_) stamps.insert(object.element(2).as_int64());
    EXPECT_LE(stamps.size(), 1U) << "objects of two inserts";
    EXPECT_TRUE(table_->size() == 0 || table_->size() == kMany) << table_->size();
  }
}

// -------------------------------------------------------------------------------- several changes of one object in one call

TEST_P(GuaranteesOfSets, SeveralCountersAndElementsChangeAtOnce) {
  const auto count = [](Stage& stage) {
    const std::int64_t more = some(stage, 100);
    const std::vector<CounterUpdate> updates{{.position = 2, .increment = more}, {.position = 3, .increment = -more}};
    stage.table.update_counter(some(stage, kKeys), updates, Term{0, 0, 0});
  };
  const auto update = [](Stage& stage) {
    const std::int64_t value = some(stage, 100);
    const std::vector<ElementUpdate> updates{{2, value}, {3, -value}};
    stage.table.update_element(some(stage, kKeys), updates);
  };
  const auto read = [](Stage& stage) {
    for (const Term& object : stage.table.lookup(some(stage, kKeys)))
      require(object.element(2).as_int64() + object.element(3).as_int64() == 0, "half a change: " + to_string(object));
  };
  play({count, update, read, read});
}

// -------------------------------------------------------------------------------------------------------- delete_all_objects

TEST_P(Guarantees, AllObjectsGoAtOnce) {
  const auto write = [](Stage& stage) {
    static std::int64_t stamp = 0;
    stage.table.insert(many(++stamp));
    stage.table.delete_all_objects();
  };
  const auto read = [](Stage& stage) {
    const std::int64_t key = some(stage, kMany);
    const std::int64_t before = stamp_at(stage.table, key);
    const std::int64_t between = stamp_at(stage.table, some(stage, kMany));
    const std::int64_t after = stamp_at(stage.table, key);
    if (before == after && before >= 0) require(between == before, "another key was gone before this one");
  };
  play({write, read, read, read});
}

// ---------------------------------------------------------------------------- delete, rename, give_away, inheritance: one step

TEST_P(Guarantees, ATableIsThereWholeUntilItIsDeleted) {
  for (int round = 0; round < 4; ++round) {
    players_.reset();
    table_.reset();
    node_.reset();
    const auto read = [](Stage& stage) {
      static bool gone = false;
      try {
        require(stage.table.member(some(stage, kMany)), "a key is gone, and the table is not");
        require(!gone, "the table is there again");
      } catch (const Error& error) {
        if (error.code() != ErrorCode::id) throw;
        gone = true;
        require(!stage.node.find_table("table"_atom), "the table is gone, and its name is not");
        stage.counters.values[0].fetch_add(1);
      }
    };
    players_.emplace(Roles{read, read, read});
    node_.emplace(Node::open(directory_));
    table_.emplace(node_->create("table"_atom, {.type = GetParam()}));
    table_->insert(many(1));
    bool dropped = false;
    players_->play(directory_, 0.2, [&] {
      if (dropped || players_->rounds(0) < 50) return;
      table_->drop();
      dropped = true;
      // However busy the machine is: the play does not end before somebody has met it.
      const auto bound = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (players_->counted(0) == 0 && std::chrono::steady_clock::now() < bound)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    EXPECT_THAT(players_->failures(), IsEmpty());
    EXPECT_TRUE(dropped);
    EXPECT_GT(players_->counted(0), 0U);
  }
}

TEST_P(Guarantees, ATableHasOneNameWhileItIsRenamed) {
  const auto rename = [](Stage& stage) {
    stage.table.rename("other"_atom);
    stage.table.rename("table"_atom);
  };
  const auto read = [](Stage& stage) {
    std::size_t found = 0;
    for (const TableInfo& table : stage.node.tables()) found += table.id == stage.table.id() ? 1U : 0U;
    require(found == 1, "the table is there " + std::to_string(found) + " times");
    require(stage.table.member(1), "an object is gone while the table is renamed");
  };
  play({rename, read, read}, [this] { table_->insert({1, "one"}); });
}

// Two players give the table to each other; who has it writes. A third looks who has it.
TEST_P(GuaranteesOfSets, ATableHasOneOwnerWhileItIsGivenAway) {
  const auto own = [](Stage& stage) {
    static const Atom mine = [] {
      try {
        register_name("one"_atom);
        return "one"_atom;
      } catch (const Error&) {  // the other has it
        register_name("two"_atom);
        return "two"_atom;
      }
    }();
    const Atom other = mine == "one"_atom ? "two"_atom : "one"_atom;
    if (stage.table.owner() != self()) {
      try {
        stage.table.insert({1, "not mine"});
      } catch (const Error& error) {
        require(error.code() == ErrorCode::access, std::string("writing to another's table: ") + error.what());
        return;
      }
      require(stage.table.owner() == self(), "wrote to another's table");
      return;
    }
    stage.table.update_counter(0, {.position = 2, .increment = 1}, Term{0, 0});
    stage.counters.values[0].fetch_add(1);
    if (!whereis(other)) return;
    try {
      stage.table.give_away(other, "yours"_atom);
    } catch (const Error& error) {
      require(error.code() == ErrorCode::noproc, std::string("giving it away: ") + error.what());
      return;  // the time is over, and the other has ended
    }
    try {
      stage.table.update_counter(0, {.position = 2, .increment = 1}, Term{0, 0});
    } catch (const Error& error) {
      require(error.code() == ErrorCode::access, std::string("after giving it away: ") + error.what());
      return;
    }
    // The other may have given it back by now; then it was this one's to write.
    stage.counters.values[0].fetch_add(1);
  };
  const auto look = [](Stage& stage) {
    const auto owner = stage.table.owner();
    require(owner.has_value(), "nobody owns the table");
    static_cast<void>(stage.table.lookup(0));
  };
  bool given = false;
  play(
      {own, own, look},
      [this] {
        table_->set_heir(Heir{self(), std::nullopt});
      },
      [&] {
        if (given || !whereis("one"_atom)) return;
        table_->give_away("one"_atom, "yours"_atom);
        given = true;
      },
      {.type = GetParam()});
  EXPECT_GT(players_->counted(0), 10U);
  EXPECT_EQ(table_->lookup_element(0, 2), Term(players_->counted(0)));
}

TEST_P(GuaranteesOfSets, AnInheritedTableIsReadAllTheTime) {
  const auto read = [](Stage& stage) { require(stage.table.member(some(stage, kMany)), "a key is gone"); };
  const auto own = [](Stage& stage) {
    if (stage.table.owner() != self()) {
      static const bool registered = (register_name("owner"_atom), true);
      return static_cast<void>(registered);
    }
    stage.table.insert(many(some(stage, 1000)));
  };
  bool given = false;
  int calls = 0;
  play(
      {own, read, read}, [this] { table_->insert(many(0)); },
      [&] {
        if (!given && whereis("owner"_atom)) {
          table_->set_heir(Heir{self(), Term("back"_atom)});
          table_->give_away("owner"_atom, "yours"_atom);
          given = true;
        }
        if (given && ++calls == 200) players_->kill(0);
      });
  EXPECT_TRUE(given);
  EXPECT_EQ(table_->owner(), self());
  EXPECT_EQ(table_->size(), static_cast<std::uint64_t>(kMany));
  std::set<std::int64_t> stamps;
  for (const Term& object : *table_) stamps.insert(object.element(2).as_int64());
  EXPECT_EQ(stamps.size(), 1U) << "objects of two inserts";
}

// -------------------------------------------------------------------------------------- folds and traversals: object by object

TEST_P(Guarantees, WhatIsThereAllTheTimeIsMetOnce) {
  constexpr std::int64_t kStays = 500;
  const auto write = [](Stage& stage) {
    const std::int64_t key = 2 * some(stage, 2000) + 1;  // odd ones come and go
    if (some(stage, 2) == 0) return stage.table.erase(key);
    stage.table.insert({key, std::string(static_cast<std::size_t>(some(stage, 100)), 'x')});
  };
  const auto judge = [](const std::map<std::int64_t, int>& met) {
    std::int64_t even = 0;
    for (const auto& [key, times] : met) {
      even += key % 2 == 0 ? 1 : 0;
      require(key % 2 != 0 || times == 1, "met " + std::to_string(times) + " times");
    }
    require(even == kStays, "met " + std::to_string(even) + " of those that stay");
  };
  const auto list = [judge](Stage& stage) {
    std::map<std::int64_t, int> met;
    for (const Term& object : stage.table.tab2list()) ++met[object.element(1).as_int64()];
    judge(met);
  };
  const auto fold = [judge](Stage& stage) {
    const auto count = [](const Term& object, std::map<std::int64_t, int> met) {
      ++met[object.element(1).as_int64()];
      return met;
    };
    judge(stage.table.foldl(count, std::map<std::int64_t, int>()));
  };
  const auto walk = [judge](Stage& stage) {
    std::map<std::int64_t, int> met;
    stage.table.safe_fixtable(true);
    for (auto key = stage.table.first(); key; key = stage.table.next(*key)) ++met[key->as_int64()];
    stage.table.safe_fixtable(false);
    judge(met);
  };
  play({write, list, fold, walk}, [this] {
    for (std::int64_t key = 0; key < kStays; ++key) table_->insert({2 * key, "stays"});
  });
}

// ------------------------------------------------------------------------------------ select and its sisters: object by object

// One half of the keys stays, the other one comes and goes, by ones and by the dozen.
TEST_P(Guarantees, SelectFindsWholeObjectsAndWhatStaysOnce) {
  constexpr std::int64_t kStays = 300;
  const auto write = [](Stage& stage) {
    for (int i = 0; i < 10; ++i) stage.table.insert(whole(2 * some(stage, 1000) + 1, some(stage, 1000)));
    if (some(stage, 4) != 0) return;
    const MatchSpec odd(parse("[{{'$1','$2','_','_'},[{'=:=',{'rem','$1',2},1},{'<','$2',500}],[true]}]"));
    stage.table.select_delete(odd);
  };
  const auto judge = [](const std::vector<Term>& objects) {
    std::map<std::int64_t, int> met;
    for (const Term& object : objects) {
      const std::int64_t key = object.element(1).as_int64();
      require(object == whole(key, object.element(2).as_int64()), "torn: " + to_string(object));
      if (key % 2 == 0) ++met[key];
    }
    require(met.size() == kStays, "found " + std::to_string(met.size()) + " of those that stay");
    for (const auto& [key, times] : met) require(times == 1, "found " + std::to_string(times) + " times");
  };
  // What the guard asks of an object is true of what comes back.
  const MatchSpec spec(parse("[{{'$1','$2','_','$3'},[{'=:=','$3',{'+',{'*','$1',31},'$2'}}],['$_']}]"));
  const auto at_once = [=](Stage& stage) { judge(stage.table.select(spec)); };
  const auto in_chunks = [=](Stage& stage) {
    std::vector<Term> all;
    for (const Term& object : stage.table.each(spec, 1 + static_cast<std::size_t>(some(stage, 50))))
      all.push_back(object);
    judge(all);
  };
  play({write, write, at_once, in_chunks}, [this] {
    for (std::int64_t key = 0; key < kStays; ++key) table_->insert(whole(2 * key, key));
  });
}

// Additions by update_counter and by select_replace: none is lost in another.
TEST_P(GuaranteesOfSets, SelectReplaceReplacesWhatItHasSeen) {
  const auto count = [](Stage& stage) {
    stage.table.update_counter(some(stage, kKeys), {.position = 2, .increment = 1});
    stage.counters.values[0].fetch_add(1);
  };
  const auto replace = [](Stage& stage) {
    static const MatchSpec one_more(parse("[{{'$1','$2'},[],[{{'$1',{'+','$2',1}}}]}]"));
    stage.counters.values[0].fetch_add(stage.table.select_replace(one_more));
  };
  play({count, count, replace, replace}, [this] {
    for (int key = 0; key < kKeys; ++key) table_->insert({key, 0});
  });
  std::uint64_t sum = 0;
  for (const Term& object : *table_) sum += object.element(2).as_uint64();
  EXPECT_EQ(sum, players_->counted(0));
}

// ----------------------------------------------------------------------------------------------------- info: size and memory

TEST_P(Guarantees, SizeNeverDecreasesUnderInsertsAlone) {
  const auto write = [](Stage& stage) {
    if (stage.table.size() > 200'000) return;
    const auto number = static_cast<std::int64_t>(stage.counters.values[0].fetch_add(10));
    std::vector<Term> objects;
    for (std::int64_t i = 0; i < 10; ++i) objects.push_back({number + i});
    stage.table.insert(objects);
  };
  const auto read = [](Stage& stage) {
    static std::uint64_t size = 0;
    static std::uint64_t memory = 0;
    const TableInfo info = stage.table.info();
    require(info.size >= size, "the size decreased");
    require(info.size % 10 == 0, "a part of an insert is counted: " + std::to_string(info.size));
    require(info.memory_bytes >= memory, "the memory decreased");
    size = info.size;
    memory = info.memory_bytes;
  };
  play({write, write, read, read});
  EXPECT_GT(table_->size(), 10U);
}

TEST_P(Guarantees, SizeIsOfOneMoment) {
  // An object moves from key to key: there is one, or for a moment none. A sum of what the stripes count one after another
  // would find two now and then.
  const auto move = [](Stage& stage) {
    static std::int64_t key = 0;
    stage.table.erase(key);
    stage.table.insert({key = some(stage, 1000)});
  };
  const auto read = [](Stage& stage) {
    const std::uint64_t size = stage.table.size();
    require(size <= 1, "an object is counted " + std::to_string(size) + " times");
  };
  play({move, read, read, read});
}

std::string name_of(const testing::TestParamInfo<TableType>& tested) { return std::string(to_string(tested.param)); }
const auto kSets = testing::Values(TableType::set, TableType::ordered_set);
const auto kBags = testing::Values(TableType::bag, TableType::duplicate_bag);
INSTANTIATE_TEST_SUITE_P(Sets, Guarantees, kSets, name_of);
INSTANTIATE_TEST_SUITE_P(Bags, Guarantees, kBags, name_of);
INSTANTIATE_TEST_SUITE_P(Sets, GuaranteesOfSets, kSets, name_of);
INSTANTIATE_TEST_SUITE_P(Bags, GuaranteesOfBags, kBags, name_of);
INSTANTIATE_TEST_SUITE_P(Bags, GuaranteesOfDuplicateBags, testing::Values(TableType::duplicate_bag), name_of);

}  // namespace
}  // namespace heirloom::stress
