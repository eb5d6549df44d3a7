// SPDX-License-Identifier: Apache-2.0
#include "node/directory.hpp"

#include "os/directory.hpp"

namespace heirloom::node {

Result<std::shared_ptr<const Directory>> Directory::open(const std::filesystem::path& path, bool create) {
  if (path.empty()) return fail(ErrorCode::badarg, "a node directory needs a path");
  if (create) HEIRLOOM_CHECK(os::make_directory(path), "node directory");
  HEIRLOOM_TRY(os::Fd descriptor, os::open_directory(path), "node directory");
  HEIRLOOM_CHECK(os::require_own(descriptor), "node directory");
  if (create) {
    for (const char* part : {"tables", "processes"}) {
      HEIRLOOM_CHECK(os::make_directory_at(descriptor.get(), part), "make \"" + std::string(part) + '"');
    }
  }
  return std::shared_ptr<const Directory>(new Directory(std::move(descriptor), std::filesystem::absolute(path)));
}

std::string Directory::socket_path() const { return os::short_path(descriptor_, "manager.sock"); }

}  // namespace heirloom::node
