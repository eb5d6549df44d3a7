// SPDX-License-Identifier: Apache-2.0
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "os/control_group.hpp"

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

// Room for some programs to come, each with some threads, and for a journal to be written anew.
constexpr std::uint64_t kReserveBytes = 128 * 1024;

Status require_room(const Fd& file, std::uint64_t bytes, Reserve reserve) {
  struct statfs facts {};
  if (::fstatfs(file.get(), &facts) != 0) return errno_failure(errno, "look at the file system");
  if (reserve == Reserve::keep && facts.f_blocks != 0) {  // a tmpfs without a limit says 0
    const std::uint64_t left = facts.f_bavail * static_cast<std::uint64_t>(facts.f_bsize);
    if (left < bytes + kReserveBytes) {
      return fail(ErrorCode::full, "the file system has " + std::to_string(left) +
                                       " bytes left: " + std::to_string(bytes) + " are wanted, and " +
                                       std::to_string(kReserveBytes) + " kept for programs that open the node");
    }
  }
  if (facts.f_type != TMPFS_MAGIC) return {};
  return require_memory(bytes, reserve);
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

std::string unique_name(const std::string& before, const std::string& after) {
  std::uint64_t number = 0;
  while (::getrandom(&number, sizeof(number), 0) != sizeof(number)) {
  }
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(number));
  return before + digits + after;
}

Status require_file_bytes_allowed(std::uint64_t bytes) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur) return {};
  return fail(ErrorCode::full, "the file would pass RLIMIT_FSIZE, " + std::to_string(limit.rlim_cur) + " bytes");
}

Status allocate(const Fd& file, std::uint64_t offset, std::uint64_t bytes, Reserve reserve) {
  if (Status allowed = require_file_bytes_allowed(offset + bytes); !allowed) return allowed;
  if (Status room = require_room(file, bytes, reserve); !room) return room;
  int outcome = 0;
  do {
    outcome = ::fallocate(file.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  } while (outcome != 0 && errno == EINTR);
  if (outcome != 0) return errno_failure(errno, "allocate " + std::to_string(bytes) + " bytes");
  return {};
}

void give_back(const Fd& file, std::uint64_t offset, std::uint64_t bytes) noexcept {
  while (::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                     static_cast<off_t>(bytes)) != 0 &&
         errno == EINTR) {
  }
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
