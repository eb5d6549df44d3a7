// SPDX-License-Identifier: Apache-2.0
#include "wire/packets.hpp"

#include <gtest/gtest.h>

namespace heirloom::wire {
namespace {

std::string through_packets(const std::string& message, std::size_t* count = nullptr) {
  Assembler assembler;
  const auto packets = split(message);
  if (count != nullptr) *count = packets.size();
  for (std::size_t index = 0; index < packets.size(); ++index) {
    EXPECT_LE(packets[index].size(), kPacketBytesMax);
    auto added = assembler.add(packets[index]);
    EXPECT_TRUE(added.ok());
    if (*added) {
      EXPECT_EQ(index + 1, packets.size());
      return **added;
    }
  }
  ADD_FAILURE() << "the last packet completed nothing";
  return {};
}

TEST(Packets, AMessageOfAnySizeComesOutWhole) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, kPacketBytesMax - 1, kPacketBytesMax, kPacketBytesMax * 5 + 3}) {
    std::string message(bytes, 'x');
    for (std::size_t index = 0; index < bytes; index += 97) message[index] = static_cast<char>(index);
    EXPECT_EQ(through_packets(message), message) << bytes;
  }
}

TEST(Packets, ASmallMessageIsOnePacket) {
  std::size_t count = 0;
  through_packets("hello", &count);
  EXPECT_EQ(count, 1U);
}

TEST(Packets, WhatIsNoPacketOfOursIsRefused) {
  Assembler assembler;
  EXPECT_FALSE(assembler.add("").ok());
  EXPECT_FALSE(assembler.add("\x02hello").ok());
}

}  // namespace
}  // namespace heirloom::wire
