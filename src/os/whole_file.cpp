// SPDX-License-Identifier: Apache-2.0
#include "os/whole_file.hpp"

#include <unistd.h>

#include <cerrno>

#include "os/file.hpp"

namespace heirloom::os {

Result<std::string> read_whole(const Fd& file) {
  std::string bytes;
  for (;;) {
    char block[65536];
    const ssize_t count = ::pread(file.get(), block, sizeof(block), static_cast<off_t>(bytes.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_failure(errno, "read");
    if (count == 0) return bytes;
    bytes.append(block, static_cast<std::size_t>(count));
  }
}

Status write_at(const Fd& file, std::uint64_t offset, std::string_view bytes) {
  if (Status allowed = require_file_bytes_allowed(offset + bytes.size()); !allowed) return allowed;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_failure(errno, "write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Status truncate_file(const Fd& file, std::uint64_t bytes) {
  if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return errno_failure(errno, "truncate");
  return {};
}

}  // namespace heirloom::os
