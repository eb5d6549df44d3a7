// SPDX-License-Identifier: Apache-2.0
#include "os/boot.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/file.hpp"

namespace heirloom::os {

Result<Place> place_of(int directory) {
  Place place;
  constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";
  const Fd boot(::open(kBootId, O_RDONLY | O_CLOEXEC));
  if (!boot || ::read(boot.get(), place.boot.data(), place.boot.size() - 1) <= 0) {
    return errno_failure(errno, std::string("read ") + kBootId);
  }
  struct stat status {};
  if (::fstat(directory, &status) != 0) return errno_failure(errno, "stat the node directory");
  place.device = status.st_dev;
  place.inode = status.st_ino;
  return place;
}

std::uint64_t process_id() noexcept { return static_cast<std::uint64_t>(::getpid()); }

}  // namespace heirloom::os
