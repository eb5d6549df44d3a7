// SPDX-License-Identifier: Apache-2.0
#include "node/channel.hpp"

#include <utility>

#include "os/packet_socket.hpp"

namespace heirloom::node {

bool Channel::send(std::string_view message, int passed_descriptor) {
  if (!socket_) return false;
  for (std::string& packet : wire::split(message)) {
    if (waiting_.empty()) {
      const os::Sent sent = os::send_packet(socket_, packet, std::exchange(passed_descriptor, -1));
      if (sent == os::Sent::closed) return false;
      if (sent == os::Sent::whole) continue;
    }
    waiting_bytes_ += packet.size();
    waiting_.push_back(std::move(packet));
  }
  return waiting_bytes_ <= kWaitingBytesMax;
}

bool Channel::flush() {
  while (!waiting_.empty()) {
    const os::Sent sent = os::send_packet(socket_, waiting_.front());
    if (sent == os::Sent::closed) return false;
    if (sent == os::Sent::not_now) return true;
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
  }
  return true;
}

Channel::Incoming Channel::receive() {
  for (int packets = 0; packets < kPacketsAtOnce; ++packets) {
    if (!socket_) return {Incoming::Kind::closed, {}};
    os::Received received = os::receive_packet(socket_, wire::kPacketBytesMax);
    if (received.kind == os::Received::Kind::nothing_now) return {Incoming::Kind::nothing_now, {}};
    if (received.kind == os::Received::Kind::closed) return {Incoming::Kind::closed, {}};
    if (received.descriptor) passed_ = std::move(received.descriptor);
    auto added = assembler_.add(received.bytes);
    if (!added || assembler_.bytes() > message_bytes_max_) return {Incoming::Kind::closed, {}};
    if (*added) return {Incoming::Kind::message, std::move(**added)};
  }
  return {Incoming::Kind::part, {}};
}

}  // namespace heirloom::node
