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
  static bool may_store(Offset word) { return word % 8 == 0 && word < sizeof(Memory); }
  Repair repair_it() { return repair(memory_.intent, base(), may_store); }
  Memory memory_{};
};

TEST_F(Intents, ADroppedChangeDidNothing) {
  {
    Change change(memory_.intent, base());
    change.publish(word(0), 1);
    change.store(word(1), 2);
    EXPECT_EQ(change.load(word(1)), 2u);
  }
  EXPECT_EQ(repair_it(), Repair::nothing);
  EXPECT_EQ(memory_.words[0], 0u);
}

TEST_F(Intents, RepairFinishesOrUndoesAfterEveryNumberOfStores) {
  for (std::size_t stores = 0; stores <= 3; ++stores) {
    std::memset(static_cast<void*>(&memory_), 0, sizeof memory_);
    Change change(memory_.intent, base());
    change.publish(word(0), 10);
    change.store(word(1), 11);
    change.store(word(2), 12);
    memory_.intent.armed.store(armed_with(3));  // a death after `stores` stores of the commit
    for (std::size_t i = 0; i < stores; ++i) memory_.words[i] = 10 + i;
    const bool published = stores >= 1;
    EXPECT_EQ(repair_it(), published ? Repair::finished : Repair::undone);
    EXPECT_EQ(repair_it(), Repair::nothing);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(memory_.words[i], published ? 10 + i : 0u);
  }
}

TEST_F(Intents, ANoteStandsWhileTheRecordIsArmedAndAfterwards) {
  constexpr std::uint64_t kNote = 0xFEDC'BA98'7654'3210 & ~kArmedMask;
  Change change(memory_.intent, base(), kNote);
  change.publish(word(0), 1);
  change.commit();
  EXPECT_EQ(memory_.intent.note(), kNote);
  EXPECT_FALSE(memory_.intent.is_armed());
  EXPECT_EQ(state_of(memory_.intent, base(), may_store), Repair::nothing);
  for (const std::uint64_t value : {std::uint64_t{1}, std::uint64_t{2}}) {  // published, and not
    memory_.intent.entries[0].value.store(value);
    memory_.intent.armed.store(kNote | armed_with(1));
    const Repair found = state_of(memory_.intent, base(), may_store);
    EXPECT_EQ(found, value == 1 ? Repair::finished : Repair::undone);
    EXPECT_TRUE(memory_.intent.is_armed()) << "who looks has repaired nothing";
    EXPECT_EQ(repair_it(), found);
    EXPECT_EQ(memory_.intent.armed.load(), kNote);
  }
}

TEST_F(Intents, ARecordThatNamesWhatIsNotThereIsCorrupt) {
  for (const Offset offset : {Offset{sizeof(Memory)}, Offset{3}, ~Offset{0} - 7}) {
    std::memset(static_cast<void*>(&memory_), 0, sizeof memory_);
    memory_.intent.entries[0].offset.store(offset);
    memory_.intent.armed.store(armed_with(1));
    EXPECT_THROW(repair_it(), Error);
  }
  memory_.intent.armed.store(armed_with(kIntentEntriesMax + 1));
  EXPECT_THROW(repair_it(), Error);
}

// Of those that a note has all bits of, nothing is wrong.
TEST_F(Intents, NoSingleByteArmsARecordOrChangesTheNumberOfItsEntries) {
  memory_.words[0] = 1;
  for (std::uint64_t entries = 0; entries <= 3; ++entries) {
    for (auto& entry : memory_.intent.entries) entry.offset.store(word(0));
    for (unsigned shift = 0; shift < 64; shift += 8) {
      for (std::uint64_t damage = 1; damage <= 0xFF; ++damage) {
        const std::uint64_t wrong = armed_with(entries) ^ damage << shift;
        if ((wrong & kArmedMask) == armed_with(entries)) continue;  // the note is damaged
        memory_.intent.armed.store(wrong);
        EXPECT_THROW(repair_it(), Error) << entries << " entries, " << std::hex << wrong;
        EXPECT_EQ(memory_.intent.armed.load(), wrong);
      }
    }
  }
}

TEST_F(Intents, AChangeThatChangesNothingIsCorrupt) {
  memory_.words[0] = 7;
  Change change(memory_.intent, base());
  EXPECT_THROW(change.publish(word(0), 7), Error);
  change.publish(word(1), 8);
  EXPECT_THROW(change.store(word(1), 9), Error);
}

}  // namespace
}  // namespace heirloom::shm
