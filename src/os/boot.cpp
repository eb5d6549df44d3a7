// SPDX-License-Identifier: Apache-2.0
#include "os/boot.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

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

std::string_view program_name() noexcept { return ::program_invocation_short_name; }

std::chrono::nanoseconds monotonic_offset() {
  // The file tells of the namespace in which this program's children are born, which mostly is its own.
  struct stat own {};
  struct stat childrens {};
  const bool same = ::stat("/proc/self/ns/time", &own) == 0 &&
                    ::stat("/proc/self/ns/time_for_children", &childrens) == 0 && own.st_ino == childrens.st_ino;
  if (!same) return {};
  std::ifstream file("/proc/self/timens_offsets");
  std::string clock;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  while (file >> clock >> seconds >> nanoseconds) {
    if (clock == "monotonic") return std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds);
  }
  return {};
}

}  // namespace heirloom::os
