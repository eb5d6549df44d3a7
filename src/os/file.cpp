// SPDX-License-Identifier: Apache-2.0
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace heirloom::os {

Failure errno_failure(int error, std::string what) {
  ErrorCode code = ErrorCode::io;
  switch (error) {
    case ENOENT:
    case ENOTDIR: code = ErrorCode::not_found; break;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP: code = ErrorCode::not_permitted; break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM: code = ErrorCode::full; break;
    case EEXIST: code = ErrorCode::already_exists; break;
    case EMFILE:
    case ENFILE: code = ErrorCode::system_limit; break;
    default: break;
  }
  return fail(code, std::move(what) + ": " + std::generic_category().message(error));
}

namespace {

Result<Fd> open_with(int directory, const std::string& name, int flags) {
  Fd file(::openat(directory, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return errno_failure(errno, "open \"" + name + '"');
  return file;
}

struct flock whole_file() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

}  // namespace

Result<Fd> open_file(int directory, const std::string& name, Access access) {
  return open_with(directory, name, access == Access::read_only ? O_RDONLY : O_RDWR);
}

Result<Fd> create_file(int directory, const std::string& name) {
  return open_with(directory, name, O_RDWR | O_CREAT | O_EXCL);
}

Result<std::uint64_t> file_bytes(const Fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return errno_failure(errno, "stat");
  return static_cast<std::uint64_t>(status.st_size);
}

Status allocate(const Fd& file, std::uint64_t offset, std::uint64_t bytes) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && offset + bytes > limit.rlim_cur) {
    return fail(ErrorCode::full, "the file would pass RLIMIT_FSIZE, " + std::to_string(limit.rlim_cur) + " bytes");
  }
  int outcome = 0;
  do {
    outcome = ::fallocate(file.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  } while (outcome != 0 && errno == EINTR);
  if (outcome != 0) return errno_failure(errno, "allocate " + std::to_string(bytes) + " bytes");
  return {};
}

Status set_file_bytes(const Fd& file, std::uint64_t bytes) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && bytes > limit.rlim_cur) {
    return fail(ErrorCode::full, "the file would pass RLIMIT_FSIZE, " + std::to_string(limit.rlim_cur) + " bytes");
  }
  if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return errno_failure(errno, "set the file's size");
  return {};
}

Status rename_file(int directory, const std::string& from, const std::string& to) {
  if (::renameat(directory, from.c_str(), directory, to.c_str()) != 0) {
    return errno_failure(errno, "rename \"" + from + "\" to \"" + to + '"');
  }
  return {};
}

Status rename_new(int directory, const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) != 0) {
    return errno_failure(errno, "rename \"" + from + "\" to \"" + to + '"');
  }
  return {};
}

void remove_file(int directory, const std::string& name) noexcept { ::unlinkat(directory, name.c_str(), 0); }

bool file_exists(int directory, const std::string& name) noexcept {
  struct stat status {};
  return ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

std::size_t descriptors_max() noexcept {
  struct rlimit limit {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

bool try_lock_file(const Fd& file) noexcept {
  struct flock range = whole_file();
  return ::fcntl(file.get(), F_OFD_SETLK, &range) == 0;
}

bool file_is_locked(const Fd& file) noexcept {
  struct flock range = whole_file();
  range.l_type = F_RDLCK;  // what a descriptor that may only read can ask about; conflicts with the holder's write lock
  return ::fcntl(file.get(), F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

}  // namespace heirloom::os
