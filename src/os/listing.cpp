// SPDX-License-Identifier: Apache-2.0
#include "os/listing.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "os/file.hpp"

namespace heirloom::os {

Result<std::vector<std::string>> list_directory(int directory, const std::string& name) {
  std::vector<std::string> names;
  const int descriptor = ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return errno_failure(errno, "list \"" + name + '"');
  DIR* const stream = ::fdopendir(descriptor);
  if (stream == nullptr) {
    const int error = errno;
    ::close(descriptor);
    return errno_failure(error, "list \"" + name + '"');
  }
  while (const dirent* entry = ::readdir(stream)) {
    std::string found = entry->d_name;
    if (found != "." && found != "..") names.push_back(std::move(found));
  }
  ::closedir(stream);
  return names;
}

std::vector<std::string> names_in(int directory, const std::string& name) {
  auto names = list_directory(directory, name);
  return names ? *std::move(names) : std::vector<std::string>();
}

}  // namespace heirloom::os
