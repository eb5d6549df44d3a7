// SPDX-License-Identifier: Apache-2.0
//
// Intent records by themselves: for every prefix of the stores of a commit, repair leaves the old words or the new ones.
#include "shm/intent.hpp"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "heirloom/error.hpp"

namespace heirloom::shm {
namespace {

struct alignas(64) Memory {
  std::uint64_t unused[8];
  std::uint64_t words[8];
  Intent intent;
};

class Intents : public ::testing::Test {
 protected:
  Base base() { return reinterpret_cast<Base>(&memory_); }
  static Offset word(std::size_t index) { return offsetof(Memory, words) + index * 8; }
  Memory memory_{};
};

TEST_F(Intents, ADroppedChangeDidNothing) {
  {
    Change change(memory_.intent, base());
    change.publish(word(0), 1);
    change.store(word(1), 2);
    EXPECT_EQ(change.load(word(1)), 2u);
  }
  EXPECT_EQ(repair(memory_.intent, base(), sizeof memory_), Repair::nothing);
  EXPECT_EQ(memory_.words[0], 0u);
}

TEST_F(Intents, RepairFinishesOrUndoesAfterEveryNumberOfStores) {
  for (std::size_t stores = 0; stores <= 3; ++stores) {
    std::memset(static_cast<void*>(&memory_), 0, sizeof memory_);
    Change change(memory_.intent, base());
    change.publish(word(0), 10);
    change.store(word(1), 11);
    change.store(word(2), 12);
    memory_.intent.armed.store(3);  // a death after `stores` stores of the commit
    for (std::size_t i = 0; i < stores; ++i) memory_.words[i] = 10 + i;
    const bool published = stores >= 1;
    EXPECT_EQ(repair(memory_.intent, base(), sizeof memory_), published ? Repair::finished : Repair::undone);
    EXPECT_EQ(repair(memory_.intent, base(), sizeof memory_), Repair::nothing);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(memory_.words[i], published ? 10 + i : 0u);
  }
}

TEST_F(Intents, ARecordThatNamesWhatIsNotThereIsCorrupt) {
  for (const Offset offset : {Offset{sizeof(Memory)}, Offset{3}, ~Offset{0} - 7}) {
    std::memset(static_cast<void*>(&memory_), 0, sizeof memory_);
    memory_.intent.entries[0].offset.store(offset);
    memory_.intent.armed.store(1);
    EXPECT_THROW(repair(memory_.intent, base(), sizeof memory_), Error);
  }
  memory_.intent.armed.store(kIntentEntriesMax + 1);
  EXPECT_THROW(repair(memory_.intent, base(), sizeof memory_), Error);
}

}  // namespace
}  // namespace heirloom::shm
