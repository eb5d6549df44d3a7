// SPDX-License-Identifier: Apache-2.0
//
// Threads of one program on one table: readers that never wait, while writers overwrite, grow, insert at once and delete
// all. Each object carries its key twice and a number twice, so that a torn copy, or one of memory used again, is seen. Run
// under ThreadSanitizer too.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "table/table.hpp"
#include "table/table_fixture.hpp"

namespace heirloom::table {
namespace {

constexpr int kKeys = 2000;
constexpr int kRounds = 200;

Term whole(int key, int number) {
  return {key, number, std::string(static_cast<std::size_t>(number % 90), 'x'), key, number};
}

bool is_whole(const Term& object) {
  return object.element(1) == object.element(4) && object.element(2) == object.element(5) &&
         object.element(3).size() == static_cast<std::size_t>(object.element(2).as_int64() % 90);
}

class Concurrency : public ::testing::Test {
 protected:
  void SetUp() override {
    node_.create(public_table());
    attachment_ = node_.attach();
    table_ = node_.open("1", attachment_);
  }
  void TearDown() override {
    const CheckReport report = table_->check();
    EXPECT_TRUE(report.ok) << report.findings.front();
  }

  // Runs `read` again and again on two threads until `write` has returned.
  template <typename Read, typename Write>
  void read_while(Read read, Write write) {
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (unsigned seed = 0; seed < 2; ++seed) {
      readers.emplace_back([&done, read, seed]() mutable {
        std::mt19937 random(seed);
        do read(random);
        while (!done.load());
      });
    }
    write();
    done.store(true);
    for (std::thread& reader : readers) reader.join();
  }

  TestNode node_;
  shm::Attachment attachment_;
  std::shared_ptr<Table> table_;
};

TEST_F(Concurrency, ReadersSeeWholeObjectsWhileTheTableGrowsAndIsOverwritten) {
  std::atomic<int> present{0};
  const auto read = [&](std::mt19937& random) {
    const int below = present.load();
    const int key = static_cast<int>(random() % kKeys);
    const auto object = table_->lookup(kCaller, Term(key)).one();
    EXPECT_TRUE(object || key >= below) << "the key " << key << " was lost for a reader";
    EXPECT_TRUE(!object || is_whole(*object));
  };
  read_while(read, [&] {
    for (int round = 0; round < kRounds; ++round) {
      for (int key = 0; key < kKeys; ++key) {
        const Term object = whole(key, round);
        table_->insert(kCaller, {&object, 1});
        if (round == 0) present.store(key + 1);
      }
    }
  });
}

TEST_F(Concurrency, AnInsertOfSeveralIsSeenWhole) {
  const auto read = [&](std::mt19937& random) {
    const int first = static_cast<int>(random() % 20);
    const int second = static_cast<int>(random() % 20);
    const auto before = table_->lookup(kCaller, Term(first)).one();
    const auto after = table_->lookup(kCaller, Term(second)).one();
    if (!before) return;
    ASSERT_TRUE(after);
    EXPECT_GE(after->element(2).as_int64(), before->element(2).as_int64());
  };
  read_while(read, [&] {
    for (int round = 0; round < kRounds * 20; ++round) {
      std::vector<Term> all;
      for (int key = 0; key < 20; ++key) all.push_back(whole(key, round));
      table_->insert(kCaller, all);
    }
  });
}

TEST_F(Concurrency, ReadersOfATableThatIsEmptiedFindObjectsOrNone) {
  const auto read = [&](std::mt19937& random) {
    const auto object = table_->lookup(kCaller, Term(static_cast<int>(random() % kKeys))).one();
    EXPECT_TRUE(!object || is_whole(*object));
    if (random() % 64 == 0) {
      for (const Term& listed : table_->tab2list(kCaller)) EXPECT_TRUE(is_whole(listed)) << listed;
    }
  };
  read_while(read, [&] {
    for (int round = 0; round < kRounds / 2; ++round) {
      for (int key = 0; key < kKeys; ++key) {
        const Term object = whole(key, round);
        table_->insert(kCaller, {&object, 1});
      }
      table_->delete_all_objects(kCaller);
    }
  });
}

// Each writer frees blocks that another one uses again, after what yet another found out about the readers.
TEST_F(Concurrency, WritersWhoUseEachOthersBlocksAgainTearNoRead) {
  const auto read = [&](std::mt19937& random) {
    const auto object = table_->lookup(kCaller, Term(static_cast<int>(random() % 16))).one();
    EXPECT_TRUE(!object || is_whole(*object));
  };
  read_while(read, [&] {
    std::vector<std::thread> writers;
    for (unsigned seed = 10; seed < 13; ++seed) {
      writers.emplace_back([&, seed] {
        std::mt19937 random(seed);
        for (int round = 0; round < kRounds * 100; ++round) {
          const Term object = whole(static_cast<int>(random() % 16), round);
          table_->insert(kCaller, {&object, 1});
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
  });
}

// A thread that has ended leaves its slot, with its life word, to the next one; meanwhile others look at both.
TEST_F(Concurrency, ThreadsThatComeAndGoTearNoRead) {
  const auto read = [&](std::mt19937& random) {
    std::thread([&] {
      for (int i = 0; i < 20; ++i) {
        const auto object = table_->lookup(kCaller, Term(static_cast<int>(random() % 16))).one();
        EXPECT_TRUE(!object || is_whole(*object));
      }
    }).join();
  };
  read_while(read, [&] {
    std::mt19937 random(3);
    for (int round = 0; round < kRounds * 5; ++round) {
      std::thread([&] {
        for (int i = 0; i < 40; ++i) {
          const Term object = whole(static_cast<int>(random() % 16), round + i);
          table_->insert(kCaller, {&object, 1});
        }
      }).join();
    }
  });
}

// The first thread to read such an atom gives it its number in this program; the others read the number, then the text.
TEST_F(Concurrency, AtomsThatOnlyAnotherProgramKnowsAreReadByAll) {
  const auto name_of = [](int key) { return "atom " + std::to_string(key); };
  const pid_t other = ::fork();
  if (other == 0) {
    const shm::Attachment attachment = node_.attach();
    const std::shared_ptr<Table> table = node_.open("1", attachment);
    while (!table->member(kCaller, Term("readers are there"))) ::usleep(100);
    for (int key = 0; key < kKeys; ++key) {
      const Term object{key, Atom(name_of(key))};
      table->insert(kCaller, {&object, 1});
    }
    ::_exit(0);
  }
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      for (int key = 0; key < kKeys;) {
        const auto object = table_->lookup(kCaller, Term(key)).one();
        if (!object) continue;
        EXPECT_EQ(object->element(2).as_atom().text(), name_of(key));
        ++key;
      }
    });
  }
  const Term start{"readers are there"};
  table_->insert(kCaller, {&start, 1});
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(::waitpid(other, nullptr, 0), other);
}

TEST_F(Concurrency, CountersOfSeveralWritersAddUpAndAreReadMeanwhile) {
  const Term counter{"hits", 0};
  table_->insert(kCaller, {&counter, 1});
  const auto read = [&, last = std::int64_t{0}](std::mt19937&) mutable {
    const std::int64_t hits = table_->lookup(kCaller, Term("hits")).one()->element(2).as_int64();
    EXPECT_GE(hits, last);
    last = hits;
  };
  read_while(read, [&] {
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 3; ++writer) {
      writers.emplace_back([&] {
        const CounterUpdate update{.position = 2, .increment = 1};
        for (int i = 0; i < 5000; ++i) table_->update_counter(kCaller, "hits", {&update, 1}, nullptr);
      });
    }
    for (std::thread& writer : writers) writer.join();
  });
  EXPECT_EQ(table_->lookup(kCaller, Term("hits")).one(), Term({"hits", 15000}));
}

}  // namespace
}  // namespace heirloom::table
