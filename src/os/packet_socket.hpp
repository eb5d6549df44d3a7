// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets of packets (SOCK_SEQPACKET): connected, in order, and each packet arrives whole. One descriptor may ride
// along with a packet. Nothing here blocks: what cannot go on now says so.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

struct Peer {
  pid_t process;  // as seen when it connected; only for messages to people
  uid_t user;
};

// Replaces whatever socket or file is at `path`: only who holds the manager's lock may call it.
Result<Fd> listen_at(const std::string& path);
Result<Fd> connect_to(const std::string& path);
// An empty Fd when nobody waits to be accepted.
Result<Fd> accept_from(const Fd& listener);
[[nodiscard]] uid_t own_user() noexcept;
Result<Peer> peer_of(const Fd& socket);

enum class Sent { whole, not_now, closed };
Sent send_packet(const Fd& socket, std::string_view packet, int descriptor = -1);

struct Received {
  enum class Kind { packet, nothing_now, closed } kind;
  std::string bytes;
  Fd descriptor;  // when one rode along
};
// A packet longer than `bytes_max` counts as closed: whoever sent it speaks another protocol.
Received receive_packet(const Fd& socket, std::size_t bytes_max);

}  // namespace heirloom::os
