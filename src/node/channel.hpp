// SPDX-License-Identifier: Apache-2.0
//
// Channel: messages over one connected socket, for both of its ends. It never blocks: what the other side does not take
// now waits here, up to a bound.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "os/fd.hpp"
#include "wire/packets.hpp"

namespace heirloom::node {

class Channel {
 public:
  explicit Channel(os::Fd socket) : socket_(std::move(socket)) {}

  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

  // False when the connection has ended, or the other side has left more unread than we keep for it.
  [[nodiscard]] bool send(std::string_view message, int passed_descriptor = -1);
  // Sends what waits. Call it when the socket is writable.
  [[nodiscard]] bool flush();
  [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
  [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

  struct Incoming {
    enum class Kind {
      message,
      part,  // of a message, and there may be more: enough for now, so that one side cannot keep the other busy
      nothing_now,
      closed
    } kind;
    std::string message;
  };
  Incoming receive();
  // What a message may have, from now on: beyond, the connection counts as closed.
  void limit_messages(std::size_t bytes) noexcept { message_bytes_max_ = bytes; }
  // The descriptor that came with a message, if one did.
  os::Fd take_descriptor() noexcept { return std::move(passed_); }

  void close() noexcept { socket_.reset(); }

 private:
  static constexpr std::size_t kWaitingBytesMax = 512 * 1024 * 1024;
  static constexpr int kPacketsAtOnce = 64;

  os::Fd socket_;
  os::Fd passed_;
  wire::Assembler assembler_;
  std::size_t message_bytes_max_ = wire::kMessageBytesMax;
  std::deque<std::string> waiting_;  // packets
  std::size_t waiting_bytes_ = 0;
};

}  // namespace heirloom::node
