// SPDX-License-Identifier: Apache-2.0
#include "wire/packets.hpp"

#include <algorithm>
#include <utility>

namespace heirloom::wire {

std::vector<std::string> split(std::string_view message) {
  constexpr std::size_t kPayloadBytesMax = kPacketBytesMax - 1;
  std::vector<std::string> packets;
  do {
    const std::size_t bytes = std::min(message.size(), kPayloadBytesMax);
    const bool last = bytes == message.size();
    std::string packet;
    packet.reserve(bytes + 1);
    packet += last ? '\0' : '\1';
    packet += message.substr(0, bytes);
    packets.push_back(std::move(packet));
    message.remove_prefix(bytes);
  } while (!message.empty());
  return packets;
}

Result<std::optional<std::string>> Assembler::add(std::string_view packet) {
  if (packet.empty() || packet.size() > kPacketBytesMax || (packet[0] != '\0' && packet[0] != '\1')) {
    return fail(ErrorCode::corrupt,
                "a packet of " + std::to_string(packet.size()) + " bytes that Heirloom never sends");
  }
  if (begun_.size() + packet.size() > kMessageBytesMax) {
    return fail(ErrorCode::corrupt, "a message of more than " + std::to_string(kMessageBytesMax) + " bytes");
  }
  begun_ += packet.substr(1);
  if (packet[0] == '\1') return std::optional<std::string>();
  return std::optional<std::string>(std::exchange(begun_, {}));
}

}  // namespace heirloom::wire
