// SPDX-License-Identifier: Apache-2.0
//
// Strategy: cut and spoil the file at every byte; whatever is read is a prefix of what was written, frame by frame.
#include "node/journal.hpp"

#include <fcntl.h>

#include <fstream>

#include "node/helper_program.hpp"
#include "os/directory.hpp"

namespace heirloom::node {
namespace {

class JournalTest : public NodeDirectoryTest {
 protected:
  JournalTest() : directory_(*os::open_directory(base())) {}
  int at() const { return directory_.get(); }
  std::string bytes() const {
    std::ifstream file(base() / "journal", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& text) const {
    std::ofstream(base() / "journal", std::ios::binary | std::ios::trunc) << text;
  }

 private:
  os::Fd directory_;
};

TEST_F(JournalTest, WhatWasAppendedIsReadAgain) {
  Journal journal = *Journal::rewrite(at(), Ledger());
  const std::vector<Record> records{ProgramSeen{3}, NameGiven{"server", {3, 1}}};
  ASSERT_TRUE(journal.append(records).ok());
  const auto replayed = *Journal::read(at());
  EXPECT_EQ(replayed.ledger.programs(), (std::map<std::uint32_t, std::int32_t>{{3, 0}}));
  EXPECT_EQ(replayed.ledger.whereis("server"), (Pid{3, 1}));
  EXPECT_EQ(replayed.good_bytes, replayed.file_bytes);
}

TEST_F(JournalTest, ATornTailIsDroppedWhereverItIsTorn) {
  Journal journal = *Journal::rewrite(at(), Ledger());
  std::vector<std::uint64_t> ends{journal.bytes()};
  for (std::uint32_t program = 1; program <= 5; ++program) {
    const Record record = ProgramSeen{program};
    ASSERT_TRUE(journal.append({&record, 1}).ok());
    ends.push_back(journal.bytes());
  }
  const std::string whole = bytes();
  for (std::size_t length = ends.front(); length <= whole.size(); ++length) {
    write(whole.substr(0, length));
    std::size_t frames = 0;
    while (frames + 1 < ends.size() && ends[frames + 1] <= length) ++frames;
    EXPECT_EQ((*Journal::read(at())).ledger.programs().size(), frames) << length;
  }
  for (std::size_t spoiled = ends.front(); spoiled < whole.size(); ++spoiled) {
    std::string bytes = whole;
    bytes[spoiled] = static_cast<char>(bytes[spoiled] ^ 0x40);
    write(bytes);
    std::size_t frames = 0;
    while (ends[frames + 1] <= spoiled) ++frames;
    EXPECT_EQ((*Journal::read(at())).ledger.programs().size(), frames) << spoiled;
  }
}

TEST_F(JournalTest, AnotherLayoutAndNoJournalAtAllAreToldApart) {
  static_cast<void>(*Journal::rewrite(at(), Ledger()));
  std::string bytes_now = bytes();
  bytes_now[8] = 9;
  write(bytes_now);
  EXPECT_EQ(Journal::read(at()).failure().code, ErrorCode::layout);
  write("hello");
  EXPECT_EQ(Journal::read(at()).failure().code, ErrorCode::corrupt);
  std::filesystem::remove(base() / "journal");
  EXPECT_TRUE(Journal::read(at())->ledger.tables().empty());
}

}  // namespace
}  // namespace heirloom::node
