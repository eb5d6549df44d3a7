// SPDX-License-Identifier: Apache-2.0
//
// Strategy: everything that is written comes back; every prefix, every changed byte and every random string is answered
// without a crash, and never costs memory that the bytes do not justify. It catches a decoder that trusts a count.
#include "wire/codec.hpp"

#include <random>

#include <gtest/gtest.h>

#include "wire/messages.hpp"

namespace heirloom::wire {
namespace {

Transfer some_transfer() {
  Transfer transfer;
  transfer.transfer = 7;
  transfer.table = {
      .id = "12",
      .spec = {.name = "sessions", .type = TableType::bag, .keypos = 2, .node_table = true, .max_bytes = 99},
      .owner = Pid{3, 1},
      .generation = 5,
      .heir = HeirSpec{std::string("keeper"), "data"}};
  transfer.to = {3, 1};
  transfer.from = {2, 0};
  transfer.data = "gift";
  return transfer;
}

TEST(Codec, AMessageComesBackAsItWasWritten) {
  const ToProgram message = some_transfer();
  const auto back = decode<ToProgram>(encode(message));
  ASSERT_TRUE(back.ok()) << back.failure().to_string();
  const auto& transfer = std::get<Transfer>(*back);
  EXPECT_EQ(transfer.table, some_transfer().table);
  EXPECT_EQ(transfer.data, "gift");
  EXPECT_EQ(transfer.from, (Pid{2, 0}));
}

TEST(Codec, EveryPrefixOfAMessageIsRefused) {
  const std::string bytes = encode(ToProgram(some_transfer()));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode<ToProgram>(std::string_view(bytes).substr(0, length)).ok()) << length;
  }
}

TEST(Codec, AMessageWithAByteTooManyIsRefused) {
  const auto back = decode<ToProgram>(encode(ToProgram(some_transfer())) + "x");
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.failure().code, ErrorCode::corrupt);
}

TEST(Codec, AnUnknownEnumeratorIsRefused) {
  EXPECT_FALSE(decode<TableSpec>(encode(TableSpec{.type = static_cast<TableType>(9)})).ok());
}

TEST(Codec, RandomBytesNeverCrashIt) {
  const std::uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good =
      encode(ToManager(MakeTable{.request = 1, .caller = {1, 0}, .spec = some_transfer().table.spec}));
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    static_cast<void>(decode<ToManager>(bytes).ok());
    bytes.resize(random() % 64);
    for (char& byte : bytes) byte = static_cast<char>(random());
    static_cast<void>(decode<ToManager>(bytes).ok());
    static_cast<void>(decode<ToProgram>(bytes).ok());
  }
}

}  // namespace
}  // namespace heirloom::wire
