// SPDX-License-Identifier: Apache-2.0
#include "os/replacement.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/file.hpp"

namespace heirloom::os {

namespace {

constexpr mode_t kMode = 0666;  // less the umask

int outcome_of(int result) noexcept { return result < 0 ? errno : 0; }

std::string temporary_name() { return unique_name(".heirloom-", ".tmp"); }

std::string own_path(const Fd& file) { return "/proc/self/fd/" + std::to_string(file.get()); }

}  // namespace

Replacement::~Replacement() {
  if (!temporary_.empty()) ::unlinkat(directory_.get(), temporary_.c_str(), 0);
}

int Replacement::create(const std::filesystem::path& target, bool durable) {
  if (target.empty()) return ENOENT;
  target_ = target.filename().string();
  if (target_.empty() || target_ == "." || target_ == "..") return EISDIR;
  durable_ = durable;
  const std::string directory = target.has_parent_path() ? target.parent_path().string() : ".";
  // Only what is to be synced needs more of a directory than the right to find and make names in it.
  directory_ = Fd(::open(directory.c_str(), (durable ? O_RDONLY : O_PATH) | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) return errno;
  const int error = open_unnamed();
  const bool unknown = error == EOPNOTSUPP || error == EISDIR || error == EINVAL || error == ENOENT;
  return unknown ? open_named() : error;
}

int Replacement::open_unnamed() {
  file_ = Fd(::openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kMode));
  if (!file_) return errno;
  // Without /proc it could never be given a name.
  if (::access(own_path(file_).c_str(), F_OK) != 0) return EOPNOTSUPP;
  return 0;
}

int Replacement::open_named() {
  std::string name = temporary_name();
  file_ = Fd(::openat(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  if (!file_) return errno;
  temporary_ = std::move(name);
  return 0;
}

int Replacement::append(std::string_view bytes) {
  if (!require_file_bytes_allowed(bytes_ + bytes.size())) return EFBIG;
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    bytes_ += static_cast<std::uint64_t>(written);
  }
  return 0;
}

int Replacement::give_name() {
  if (!temporary_.empty()) return 0;
  std::string name = temporary_name();
  if (::linkat(AT_FDCWD, own_path(file_).c_str(), directory_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) return errno;
  temporary_ = std::move(name);
  return 0;
}

int Replacement::finish() {
  if (durable_ && ::fsync(file_.get()) != 0) return errno;
  if (const int error = give_name()) return error;
  // Some file systems say only now that there is no room.
  if (const int error = outcome_of(::close(file_.release())); error != 0 && error != EINTR) return error;
  if (::renameat(directory_.get(), temporary_.c_str(), directory_.get(), target_.c_str()) != 0) return errno;
  temporary_.clear();
  return durable_ ? outcome_of(::fsync(directory_.get())) : 0;
}

}  // namespace heirloom::os
