// SPDX-License-Identifier: Apache-2.0
//
// What a repair tells. Strategy: the words that a death leaves are laid out by hand - a lock of a program that never was, which is as
// good as dead, and an intent record -, and then others come. That what is told is true at every instruction of every operation is
// for tests/crash to prove.
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "shm/segment.hpp"
#include "table/note.hpp"
#include "table/stripe_guard.hpp"
#include "table/table.hpp"
#include "table/table_fixture.hpp"

namespace heirloom::table {
namespace {

constexpr std::uint64_t kDead = std::uint64_t{999'999} << 32 | 7;
constexpr std::uint64_t kAlsoDead = std::uint64_t{999'998} << 32 | 7;

class RepairRecordsTest : public ::testing::Test {
 protected:
  void make(const SegmentOptions& options) {
    node_.create(options);
    attachment_ = node_.attach();
    table_ = node_.open("1", attachment_);
    segment_ = shm::Segment::open(node_.directory(), "tables/1").value_or_raise();
    table_->tell_repairs_to(
        [this](const RepairRecords& found) { told_.insert(told_.end(), found.begin(), found.end()); });
  }
  void insert(const Term& object) { table_->insert(kCaller, {&object, 1}); }

  [[nodiscard]] shm::Stripe& stripe(std::uint32_t index) const { return segment_->stripe(index); }
  void lock_by(std::uint64_t token, std::uint32_t index) const {
    std::memcpy(static_cast<void*>(&stripe(index).lock), &token, sizeof token);
  }
  // The stripe and the block of the only object.
  struct Place {
    std::uint32_t stripe = 0;
    Offset block = 0;
  };
  [[nodiscard]] Place only_object() const {
    const auto& header = *reinterpret_cast<const TableHeader*>(segment_->header().table);
    const auto word = [&](Offset offset) { return segment_->word(offset).load(); };
    for (std::uint32_t index = 0; index < segment_->stripe_count(); ++index) {
      const auto& head = segment_->at<IndexHead>(header.root.load() + index * sizeof(IndexHead), "a head");
      if (shape_buckets(head.shape.load()) == 0) continue;
      const Offset bucket = word(head.directory.load());
      for (std::uint64_t slot = 0; slot < kSlotsABucket; ++slot) {
        if (word(bucket + slot * 8) != 0) return {index, slot_offset(word(bucket + slot * 8))};
      }
    }
    return {};
  }
  // As a death leaves it that had stored this note and armed the record, before or after the publishing store.
  void die_armed(const Place& place, std::uint64_t note, bool published) const {
    auto& header = *reinterpret_cast<TableHeader*>(segment_->header().table);
    shm::Intent& intent = stripe(place.stripe).intent;
    intent.entries[0].offset.store(segment_->offset_of(&header.generation));
    intent.entries[0].value.store(header.generation.load() + (published ? 0 : 1));
    intent.armed.store((note & ~shm::kArmedMask) | shm::armed_with(1));
    lock_by(kDead, place.stripe);
  }

  TestNode node_;
  shm::Attachment attachment_;
  std::shared_ptr<Table> table_;
  std::unique_ptr<shm::Segment> segment_;
  RepairRecords told_;
};

TEST_F(RepairRecordsTest, ALockOfTheDeadUnderWhichNothingWasUnderWayIsTold) {
  make(public_table());
  const auto before = std::chrono::system_clock::now();
  lock_by(kDead, 3);
  const RepairRecords found = table_->fence();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].dead, kDead);
  EXPECT_EQ(found[0].operation, Operation::none);
  EXPECT_EQ(found[0].outcome, RepairOutcome::nothing);
  EXPECT_EQ(found[0].key, "");
  EXPECT_EQ(found[0].locks, 1U);
  EXPECT_GT(found[0].took.count(), 0);
  EXPECT_GE(found[0].at, before);
  EXPECT_LE(found[0].at, std::chrono::system_clock::now());
  EXPECT_EQ(told_.size(), 1U);
  EXPECT_TRUE(table_->fence().empty()) << "it is told once";
}

TEST_F(RepairRecordsTest, OfAnArmedRecordTheOperationTheKeyAndTheOutcomeAreTold) {
  make(public_table());
  insert({Atom("alice"), 1});
  const Place place = only_object();
  for (std::uint64_t operation = 1; operation <= static_cast<std::uint64_t>(Operation::repair); ++operation) {
    for (const Phase phase : {Phase::before, Phase::itself, Phase::after}) {
      for (const bool published : {false, true}) {
        const Note note{.operation = static_cast<Operation>(operation), .phase = phase, .object = place.block};
        die_armed(place, note.packed(), published);
        const RepairRecords found = table_->fence();
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].operation, note.operation);
        EXPECT_EQ(found[0].key, "alice");
        EXPECT_EQ(found[0].keys, 1U);
        const bool happened = phase == Phase::after || (phase == Phase::itself && published);
        EXPECT_EQ(found[0].outcome, happened ? RepairOutcome::finished : RepairOutcome::undone)
            << to_string(note.operation) << ' ' << static_cast<int>(phase) << ' ' << published;
      }
    }
  }
  const TableInfo info = table_->info();
  EXPECT_EQ(info.repairs_finished, 11U * 3);
  EXPECT_EQ(info.repairs_undone, 11U * 3);
}

TEST_F(RepairRecordsTest, WhoeverTakesTheLockTellsIt) {
  make(public_table());
  insert({Atom("alice"), 1});
  const Place place = only_object();
  const Note note{.operation = Operation::take, .phase = Phase::itself, .object = place.block};
  const std::function<void()> writes[] = {
      [&] {
        insert({Atom("alice"), 2});
      },
      [&] { table_->count(kCaller, Term(Atom("alice")), 2, 1); },
      [&] {
        table_->update_counter(kCaller, Atom("alice"), std::vector{CounterUpdate{2, 1}}, nullptr);
      },
      [&] {
        table_->insert_new(kCaller, std::vector<Term>{{Atom("alice"), 2}, {1, 2}});
      },
      [&] { static_cast<void>(table_->check()); },
      [&] { table_->delete_all_objects(kCaller); },
  };
  for (const auto& write : writes) {
    told_.clear();
    die_armed(place, note.packed(), false);
    write();
    ASSERT_EQ(told_.size(), 1U);
    EXPECT_EQ(told_[0].operation, Operation::take);
    EXPECT_EQ(told_[0].outcome, RepairOutcome::undone);
    EXPECT_EQ(told_[0].key, "alice");
  }
}

TEST_F(RepairRecordsTest, WhoReadsRepairsNothingAndTellsNothing) {
  make(public_table());
  insert({Atom("alice"), 1});
  die_armed(only_object(), Note{.operation = Operation::insert}.packed(), true);
  static_cast<void>(table_->lookup(kCaller, Term(Atom("alice"))));
  static_cast<void>(table_->tab2list(kCaller));
  static_cast<void>(table_->info());
  EXPECT_TRUE(told_.empty());
}

TEST_F(RepairRecordsTest, TheDeathOfTheRepairerIsNotTakenForThatOfTheWriter) {
  make(public_table());
  insert({Atom("alice"), 1});
  const Place place = only_object();
  // Disarmed by the repairer, who had stored the verdict before.
  shm::Intent& intent = stripe(place.stripe).intent;
  intent.armed.store(Note{Operation::insert, Phase::after, false, place.block}.packed());
  intent.settling.store(kAlsoDead);
  lock_by(kDead, place.stripe);
  const RepairRecords found = table_->fence();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].dead, kDead);
  EXPECT_EQ(found[0].operation, Operation::repair);
  EXPECT_EQ(found[0].locks, 1U);
  EXPECT_EQ(found[1].dead, kAlsoDead);
  EXPECT_EQ(found[1].operation, Operation::insert);
  EXPECT_EQ(found[1].outcome, RepairOutcome::finished);
  EXPECT_EQ(found[1].key, "alice");
  EXPECT_EQ(found[1].locks, 0U);
  EXPECT_EQ(intent.settling.load(), 0U);
}

TEST_F(RepairRecordsTest, TheNoteOfAWriteThatIsOverIsNotTold) {
  make(public_table());
  insert({Atom("alice"), 1});
  const Place place = only_object();
  EXPECT_NE(stripe(place.stripe).intent.note(), 0U) << "it stands there still";
  lock_by(kDead, place.stripe);
  EXPECT_EQ(table_->fence().at(0).operation, Operation::none);
}

TEST_F(RepairRecordsTest, KeysOfAnyKindAreToldAndLongOnesCut) {
  const Term keys[] = {Atom("an atom"),
                       Term(-5),
                       Term("text"),
                       Term{Atom("user"), 7},
                       Term(std::string(1000, 'x')),
                       parse("#{a => [1,2.5,<0.1.2>]}")};
  for (const bool compressed : {false, true}) {
    for (const Term& key : keys) {
      SegmentOptions options = public_table();
      options.compressed = compressed;
      make(options);
      insert({key, 1});
      const Place place = only_object();
      die_armed(place, Note{.operation = Operation::insert, .object = place.block}.packed(), true);
      const std::string whole = to_string(key);
      const std::string told = table_->fence().at(0).key;
      EXPECT_EQ(told, whole.size() <= RepairRecord::kKeyBytesMax ? whole : whole.substr(0, 197) + "...");
      std::filesystem::remove(node_.path() + "/tables/1");
    }
  }
}

TEST_F(RepairRecordsTest, OfSeveralObjectsOfAKeyTheKeyIsTold) {
  SegmentOptions options = public_table();
  options.type = TableType::bag;
  make(options);
  insert({Atom("alice"), 1});
  insert({Atom("alice"), 2});
  const Place place = only_object();  // a group
  die_armed(place, Note{.operation = Operation::erase, .phase = Phase::itself, .object = place.block}.packed(), false);
  EXPECT_EQ(table_->fence().at(0).key, "alice");
}

// Whoever may write the table's file may write any note: it is read as something, and decides nothing.
TEST_F(RepairRecordsTest, WhateverANoteSaysTheRepairGoesOn) {
  make(public_table());
  insert({Term{Atom("user"), "alice"}, 1});
  const Place place = only_object();
  std::mt19937_64 random(20240229);
  constexpr std::uint64_t kRest = 0x7FFFFF & ~shm::kArmedMask;  // all but the object
  for (int i = 0; i < 50000; ++i) {
    std::uint64_t note = random();
    // Near what is there, too: into the middle of blocks, and across the end.
    if (i % 2 == 0) note = Note{.object = segment_->parts().pages + (random() % 2000) * 16}.packed() | (note & kRest);
    if (i % 16 == 1) note = Note{.object = segment_->end() - (random() % 4) * 16}.packed() | (note & kRest);
    die_armed(place, note, (random() & 1) != 0);
    const RepairRecords found = table_->fence();
    ASSERT_EQ(found.size(), 1U);
    ASSERT_LE(found[0].operation, Operation::repair);
    ASSERT_LE(found[0].key.size(), RepairRecord::kKeyBytesMax);
  }
  EXPECT_TRUE(table_->check().ok);
}

TEST_F(RepairRecordsTest, OfABlockThatIsNoTermNoKeyIsTold) {
  make(public_table());
  insert({Term{Atom("user"), "alice"}, 1});
  const Place place = only_object();
  // The element that is the key: a tuple far beyond the block, and an atom that the dictionary has not.
  for (const std::uint64_t word : {term::make_reference(term::Kind::tuple, 1 << 20, 1 << 20), term::make_atom(4711)}) {
    segment_->word(place.block + 8).store(word);
    die_armed(place, Note{.operation = Operation::erase, .object = place.block}.packed(), true);
    const RepairRecords found = table_->fence();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].operation, Operation::erase);
    EXPECT_EQ(found[0].key, "");
  }
}

}  // namespace
}  // namespace heirloom::table
