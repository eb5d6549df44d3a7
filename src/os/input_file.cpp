// SPDX-License-Identifier: Apache-2.0
#include "os/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace heirloom::os {

int InputFile::open(const std::filesystem::path& path) {
  // Not to wait for whoever writes into a pipe of that name.
  Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return errno;
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return ENXIO;
  file_ = std::move(file);
  bytes_ = static_cast<std::uint64_t>(status.st_size);
  return 0;
}

int InputFile::read(std::uint64_t offset, std::span<char> to, std::size_t& count) const {
  count = 0;
  while (count < to.size()) {
    const ssize_t read = ::pread(file_.get(), to.data() + count, to.size() - count, static_cast<off_t>(offset + count));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return errno;
    if (read == 0) break;
    count += static_cast<std::size_t>(read);
  }
  return 0;
}

}  // namespace heirloom::os
