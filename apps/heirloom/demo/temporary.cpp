// SPDX-License-Identifier: Apache-2.0
#include "demo/temporary.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "command.hpp"

namespace heirloom::cli::demo {

namespace {

constexpr const char* kSharedMemory = "/dev/shm";
// In containers it often has 64 MB, which is enough; with less, the demo would be about full file systems.
constexpr std::uint64_t kFreeBytesMin = 32 << 20;

bool is_usable(const char* directory) {
  struct statvfs status {};
  if (::access(directory, W_OK | X_OK) != 0 || ::statvfs(directory, &status) != 0) return false;
  return std::uint64_t{status.f_bavail} * status.f_frsize >= kFreeBytesMin;
}

// Those that are to be kept have another name: whoever made one wants to find it.
constexpr const char* kName = "heirloom-demo.";
constexpr const char* kKeptName = "heirloom-demo-kept.";

// The directory, locked; -1 when somebody else has the lock, or it is not ours.
int open_locked(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return -1;
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && status.st_uid == ::geteuid() &&
      ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

// Of demos that were killed: nobody has them locked.
void remove_leftovers(const std::string& where) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(where, ignored)) {
    if (entry.path().filename().string().rfind(kName, 0) != 0) continue;
    const int lock = open_locked(entry.path());
    if (lock < 0) continue;
    std::filesystem::remove_all(entry.path(), ignored);
    ::close(lock);
  }
}

void require_empty(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) || std::filesystem::is_empty(path, ignored)) return;
  throw UsageError(fmt::format("--node {}: it is not empty; the demo wants a directory of its own", path));
}

}  // namespace

std::string temporary_directory() {
  const char* wanted = std::getenv("TMPDIR");
  return wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
}

NodePlace::NodePlace(const std::string& wanted, bool keep) : path_(wanted), keep_(keep) {
  if (!path_.empty()) {
    require_empty(path_);
    return;
  }
  const std::string where = is_usable(kSharedMemory) ? kSharedMemory : temporary_directory();
  remove_leftovers(where);
  make_new(where);
}

NodePlace::~NodePlace() {
  std::error_code ignored;
  if (!keep_) std::filesystem::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

void NodePlace::make_new(const std::string& where) {
  struct stat named {};
  struct stat locked {};
  do {
    if (lock_ >= 0) ::close(lock_);
    path_ = where + '/' + (keep_ ? kKeptName : kName) + "XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) {
      throw Error(ErrorCode::io, fmt::format("make {}", path_), std::strerror(errno));
    }
    // Another demo may have taken it for a leftover in between.
    lock_ = open_locked(path_);
  } while (lock_ < 0 || ::fstat(lock_, &locked) != 0 || ::stat(path_.c_str(), &named) != 0 ||
           named.st_ino != locked.st_ino);
}

}  // namespace heirloom::cli::demo
