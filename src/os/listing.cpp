// SPDX-License-Identifier: Apache-2.0
#include "os/listing.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace heirloom::os {

std::vector<std::string> list_directory(int directory, const std::string& name) {
  std::vector<std::string> names;
  const int descriptor = ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return names;
  DIR* const stream = ::fdopendir(descriptor);
  if (stream == nullptr) {
    ::close(descriptor);
    return names;
  }
  while (const dirent* entry = ::readdir(stream)) {
    std::string found = entry->d_name;
    if (found != "." && found != "..") names.push_back(std::move(found));
  }
  ::closedir(stream);
  return names;
}

}  // namespace heirloom::os
