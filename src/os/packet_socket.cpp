// SPDX-License-Identifier: Apache-2.0
#include "os/packet_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/file.hpp"

namespace heirloom::os {

namespace {

constexpr int kListenBacklog = 512;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(ErrorCode::badarg,
                "a socket's path holds at most " + std::to_string(sizeof(address.sun_path) - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> new_socket() {
  Fd made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made) return errno_failure(errno, "make a socket");
  return made;
}

// Takes the descriptor that came along; any further one that a stranger may have sent is closed.
Fd descriptor_in(msghdr& header) {
  Fd first;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(part) + index * sizeof(int), sizeof(int));
      Fd owned(descriptor);
      if (!first) first = std::move(owned);
    }
  }
  return first;
}

}  // namespace

Result<Fd> listen_at(const std::string& path) {
  HEIRLOOM_TRY(const sockaddr_un address, address_of(path), "listen");
  HEIRLOOM_TRY(Fd listener, new_socket(), "listen");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return errno_failure(errno, "replace the socket of a former manager");
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return errno_failure(errno, "bind the socket");
  }
  if (::chmod(path.c_str(), 0600) != 0) return errno_failure(errno, "set the socket's mode");
  if (::listen(listener.get(), kListenBacklog) != 0) return errno_failure(errno, "listen");
  return listener;
}

Result<Fd> connect_to(const std::string& path) {
  HEIRLOOM_TRY(const sockaddr_un address, address_of(path), "connect");
  HEIRLOOM_TRY(Fd socket, new_socket(), "connect");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return errno_failure(errno, "connect");
  }
  return socket;
}

Result<Fd> accept_from(const Fd& listener) {
  Fd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (accepted || errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return accepted;
  return errno_failure(errno, "accept a connection");
}

uid_t own_user() noexcept { return ::geteuid(); }

Result<Peer> peer_of(const Fd& socket) {
  ucred credentials{};
  socklen_t bytes = sizeof(credentials);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    return errno_failure(errno, "ask who is connected");
  }
  return Peer{credentials.pid, credentials.uid};
}

Sent send_packet(const Fd& socket, std::string_view packet, int descriptor) {
  iovec bytes{const_cast<char*>(packet.data()), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &descriptor, sizeof(int));
  }
  ssize_t outcome = 0;
  do {
    outcome = ::sendmsg(socket.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (outcome < 0 && errno == EINTR);
  if (outcome >= 0) return Sent::whole;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM ? Sent::not_now : Sent::closed;
}

Received receive_packet(const Fd& socket, std::size_t bytes_max) {
  // Grown once a thread, since a packet's size is only known when it is here.
  thread_local std::string buffer;
  if (buffer.size() < bytes_max) buffer.resize(bytes_max);
  iovec bytes{buffer.data(), bytes_max};
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  ssize_t outcome = 0;
  do {
    outcome = ::recvmsg(socket.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (outcome < 0 && errno == EINTR);
  if (outcome < 0) {
    const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
    return {later ? Received::Kind::nothing_now : Received::Kind::closed, {}, {}};
  }
  Fd descriptor = descriptor_in(header);
  if (outcome == 0 || (header.msg_flags & MSG_TRUNC) != 0) return {Received::Kind::closed, {}, {}};
  return {Received::Kind::packet, buffer.substr(0, static_cast<std::size_t>(outcome)), std::move(descriptor)};
}

}  // namespace heirloom::os
