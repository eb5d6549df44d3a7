// SPDX-License-Identifier: Apache-2.0
//
// For tests: a small file system in memory.
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>

namespace heirloom::node {

// A file system of its own, as long as it lives.
class Mount {
 public:
  Mount(const std::filesystem::path& path, const std::string& options) : path_(path) {
    std::filesystem::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~Mount() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  [[nodiscard]] bool is_mounted() const { return mounted_; }

 private:
  std::filesystem::path path_;
  bool mounted_;
};

}  // namespace heirloom::node
