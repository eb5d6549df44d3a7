// SPDX-License-Identifier: Apache-2.0
//
// Messages of any size over a socket of packets. A packet socket keeps the borders of messages but bounds their size, so
// a message travels as one packet or several: each begins with one byte, 0 for the last packet of a message, 1 when more
// follow.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace heirloom::wire {

// Small enough for the socket buffers that Linux gives without asking.
inline constexpr std::size_t kPacketBytesMax = 64 * 1024;
// A message beyond this is refused by the sender, and ends the connection at the receiver.
inline constexpr std::size_t kMessageBytesMax = 256 * 1024 * 1024;

// The packets of one message, in order.
[[nodiscard]] std::vector<std::string> split(std::string_view message);

// Puts messages together again from the packets of one connection.
class Assembler {
 public:
  // The message that `packet` completed, or nothing when more packets follow. Error{corrupt} when it is no packet of ours.
  [[nodiscard]] Result<std::optional<std::string>> add(std::string_view packet);
  // Of the message that is not complete yet.
  [[nodiscard]] std::size_t bytes() const noexcept { return begun_.size(); }

 private:
  std::string begun_;
};

}  // namespace heirloom::wire
