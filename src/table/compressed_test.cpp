// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what a compressed table does differently from others, besides being compared with Erlang's (tests/oracle): it is
// smaller, and reports bytes that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_fixture.hpp"
#include "table/table.hpp"
#include "table/table_fixture.hpp"

namespace heirloom::table {
namespace {

using namespace literals;
using ::testing::HasSubstr;

class CompressedTable : public ::testing::TestWithParam<TableType> {
 protected:
  CompressedTable() : attachment_(node_.attach()) {
    for (const bool compressed : {false, true}) {
      SegmentOptions options = public_table(compressed ? "packed" : "plain");
      options.type = GetParam();
      options.keypos = 2;
      options.compressed = compressed;
      node_.create(options);
    }
    plain_ = node_.open("plain", attachment_);
    packed_ = node_.open("packed", attachment_);
  }

  static void insert(Table& table, const Term& object) { table.insert(kCaller, {&object, 1}); }

  TestNode node_;
  shm::Attachment attachment_;
  std::shared_ptr<Table> plain_;
  std::shared_ptr<Table> packed_;
};

Term session(int number) {
  std::vector<Term> numbers;
  for (int i = 0; i < 50; ++i) numbers.emplace_back(number + i);
  const Term facts = map({{"state"_atom, "active"_atom}, {"hits"_atom, number}, {"roles"_atom, list({"admin"_atom})}});
  return {list(numbers), "user-" + std::to_string(number), facts, std::string(300, 'a')};
}

TEST_P(CompressedTable, TakesLessMemoryForTheSameObjects) {
  for (int i = 0; i < 1000; ++i) {
    insert(*plain_, session(i));
    insert(*packed_, session(i));
  }
  const std::uint64_t plain = plain_->check().live_bytes;
  const std::uint64_t packed = packed_->check().live_bytes;
  EXPECT_LT(packed * 3, plain) << packed << " bytes against " << plain;
  for (int i = 0; i < 1000; ++i) {
    const Term key("user-" + std::to_string(i));
    ASSERT_EQ(packed_->lookup(kCaller, key).front(), session(i));
    ASSERT_EQ(packed_->lookup_element(kCaller, key, 4),
              GetParam() == TableType::bag ? list({std::string(300, 'a')}) : Term(std::string(300, 'a')));
    ASSERT_TRUE(packed_->member(kCaller, key));
  }
  EXPECT_EQ(packed_->tab2list(kCaller).size(), 1000U);
}

TEST_P(CompressedTable, ReportsBytesThatAreNone) {
  insert(*packed_, {1, "key", "a text that takes some bytes"});
  EXPECT_TRUE(packed_->check().ok);
  // The bytes lie behind the only text of the segment.
  const auto segment = shm::Segment::open(node_.directory(), "tables/packed").value_or_raise();
  const std::string_view bytes(reinterpret_cast<const char*>(segment->base()), segment->end());
  const std::size_t text = bytes.rfind("a text that takes");
  ASSERT_NE(text, std::string_view::npos);
  auto* byte = const_cast<char*>(bytes.data()) + text;
  while (static_cast<unsigned char>(*byte) != 0x84) --byte;  // what says that a binary is here
  *byte = static_cast<char>(0xFF);
  EXPECT_EQ(code_of([&] { static_cast<void>(packed_->lookup(kCaller, Term("key"))); }), ErrorCode::corrupt);
  const CheckReport report = packed_->check();
  ASSERT_FALSE(report.ok);
  EXPECT_THAT(report.findings.front(), HasSubstr("packed object"));
}

INSTANTIATE_TEST_SUITE_P(Types, CompressedTable,
                         ::testing::Values(TableType::set, TableType::ordered_set, TableType::bag),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace heirloom::table
