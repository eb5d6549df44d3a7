// SPDX-License-Identifier: Apache-2.0
#include "demo/temporary.hpp"

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

std::string make_new() {
  std::string path = (is_usable(kSharedMemory) ? kSharedMemory : temporary_directory()) + "/heirloom-demo.XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw Error(ErrorCode::io, fmt::format("make {}", path), std::strerror(errno));
  return path;
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
  if (path_.empty()) {
    path_ = make_new();
  } else {
    require_empty(path_);
  }
}

NodePlace::~NodePlace() {
  std::error_code ignored;
  if (!keep_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace heirloom::cli::demo
