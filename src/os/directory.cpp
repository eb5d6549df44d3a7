// SPDX-License-Identifier: Apache-2.0
#include "os/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/file.hpp"

namespace heirloom::os {

namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// O_NOFOLLOW | O_DIRECTORY answers ENOTDIR both for a symbolic link and for a plain file: say which.
Failure not_opened(int directory, const char* path, int error) {
  struct stat status {};
  if ((error == ENOTDIR || error == ELOOP) && ::fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISLNK(status.st_mode))
      return fail(ErrorCode::not_permitted, "it is a symbolic link; name the directory itself");
    if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::not_found, "it is not a directory");
  }
  return errno_failure(error, "open the directory");
}

Result<Fd> open_at(int directory, const char* path) {
  Fd opened(::openat(directory, path, kDirectoryFlags));
  if (!opened) return not_opened(directory, path, errno);
  return opened;
}

Status make_at(int directory, const char* path) {
  if (::mkdirat(directory, path, 0700) != 0 && errno != EEXIST) return errno_failure(errno, "make the directory");
  return {};
}

// "dir/" would follow a link that "dir" does not.
std::string without_trailing_slashes(const std::filesystem::path& path) {
  std::string text = path.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

Result<Fd> open_directory(const std::filesystem::path& path) {
  return open_at(AT_FDCWD, without_trailing_slashes(path).c_str());
}
Result<Fd> open_directory_at(int directory, const std::string& name) { return open_at(directory, name.c_str()); }

Status make_directory(const std::filesystem::path& path) {
  return make_at(AT_FDCWD, without_trailing_slashes(path).c_str());
}
Status make_directory_at(int directory, const std::string& name) { return make_at(directory, name.c_str()); }

Status require_own(const Fd& directory) {
  struct stat status {};
  if (::fstat(directory.get(), &status) != 0) return errno_failure(errno, "stat");
  if (status.st_uid != ::geteuid()) {
    return fail(ErrorCode::not_permitted, "it belongs to user " + std::to_string(status.st_uid) +
                                              ", and this program runs as user " + std::to_string(::geteuid()));
  }
  return {};
}

std::string short_path(const Fd& directory, const std::string& name) {
  return "/proc/self/fd/" + std::to_string(directory.get()) + '/' + name;
}

}  // namespace heirloom::os
